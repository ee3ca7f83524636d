#!/usr/bin/env python3
"""A step of training in ptattn beside the same network in PyTorch: small Point Transformer V3, two crops of 9,000 voxels.

    scripts/bench_peers_train.py --python VENV/bin/python --threads 2

Needs a build with tests (bench_train) and a Python with PyTorch and numpy. The peer is scripts/train/ptv3.py, forward and
backward, its neighbour tables and patches given for free; ptattn's step finds them anew. The peer runs between two halves
of ptattn's steps, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STEPS = 3  # of the peer, the first of which warms up


def own_milliseconds(program: Path, threads: int, bf16: bool) -> float:
    """Mean of a second of ptattn's steps."""
    command = [program, f"--benchmark_filter=ptv3_step/{threads}/{int(bf16)}/", "--benchmark_min_time=1", "--benchmark_format=json"]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result["benchmarks"][0]["real_time"]


def peer(threads: int) -> None:
    """Prints the milliseconds of STEPS steps in PyTorch."""
    sys.path.insert(0, str(ROOT / "scripts" / "train"))
    import numpy as np
    import torch
    from ptv3 import PtV3, PtV3Config, geometry

    torch.set_num_threads(threads)
    rng = np.random.default_rng(1)
    x, y = np.meshgrid(np.arange(95), np.arange(95), indexing="ij")
    z = np.round(4 + 3 * np.sin(0.1 * x) * np.cos(0.08 * y) + rng.integers(0, 2, x.shape))
    grid = np.stack([x, y, z], -1).reshape(-1, 3).astype(np.int64)
    config = PtV3Config(num_classes=6, in_channels=28)
    network, where = PtV3(config).train(), geometry([grid, grid], config)
    features = torch.rand(2 * len(grid), config.in_channels)
    times = []
    for _ in range(STEPS):
        began = time.perf_counter()
        network.zero_grad()
        logits = network(features, where)
        (logits * logits.detach()).sum().backward()
        times.append(1e3 * (time.perf_counter() - began))
    print(json.dumps(times))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=ROOT / "build/default/bin/bench_train", help="ptattn's benchmark")
    parser.add_argument("--python", default=sys.executable, help="a Python with PyTorch")
    parser.add_argument("--threads", type=int, default=2, help="of both")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        peer(options.threads)
        return
    before = [own_milliseconds(options.program, options.threads, bf16) for bf16 in (False, True)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
    command = [options.python, __file__, "--peer", "--threads", str(options.threads)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    theirs = statistics.median(json.loads(output.splitlines()[-1])[1:])
    after = [own_milliseconds(options.program, options.threads, bf16) for bf16 in (False, True)]
    for name, own in zip(("float32", "bf16"), ((b + a) / 2 for b, a in zip(before, after))):
        print(f"{options.threads} threads: ptattn in {name} {own:.0f} ms, PyTorch in float32 {theirs:.0f} ms a step, "
              f"{theirs / own:.1f} times as long")



if __name__ == "__main__":
    main()
