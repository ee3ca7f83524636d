#!/usr/bin/env python3
"""A step of training in ptattn beside the same network in PyTorch, in float32 and bfloat16, each in turn.

    scripts/bench_peers_train.py --python VENV/bin/python --network ptv3     # small, two crops of 9,025 voxels
    scripts/bench_peers_train.py --python VENV/bin/python --network pct      # published, 16 clouds of 1,024 points

Needs a build with tests (bench_train) and a Python with PyTorch and numpy. The peers are scripts/train/ptv3.py and pct.py:
forward and backward pass and AdamW, neighbours, orders and patches given for free; a step of ptattn finds them anew. Every round
runs ptattn and the peer in float32, then both in bfloat16 (the peer by autocast); medians of the rounds are printed, in
milliseconds of wall time and of processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRECISIONS = ("float32", "bf16")
CLOUDS, POINTS = 16, 1024


def own_step(options: argparse.Namespace, bf16: bool) -> dict[str, float]:
    """Means over a second of ptattn's steps."""
    middle = f"{CLOUDS}/" if options.network == "pct" else ""
    name = f"^{options.network}_step/{options.threads}/{middle}{int(bf16)}/process_time/real_time$"
    command = [options.program, f"--benchmark_filter={name}", "--benchmark_min_time=1", "--benchmark_format=json"]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["benchmarks"][0]
    return {"wall": result["real_time"], "processor": result["cpu_time"], "megabytes": result["peak MB"]}


def ptv3_step():
    import numpy as np
    import torch
    from ptv3 import PtV3, PtV3Config, geometry

    rng = np.random.default_rng(1)
    x, y = np.meshgrid(np.arange(95), np.arange(95), indexing="ij")
    z = np.round(4 + 3 * np.sin(0.1 * x) * np.cos(0.08 * y) + rng.integers(0, 2, x.shape))
    grid = np.stack([x, y, z], -1).reshape(-1, 3).astype(np.int64)
    config = PtV3Config(num_classes=6, in_channels=28)
    network, where = PtV3(config).train(), geometry([grid, grid], config)
    features = torch.rand(2 * len(grid), config.in_channels)
    return network, lambda: network(features, where)


def pct_step():
    import torch
    from pct import Pct, PctConfig, geometry

    config = PctConfig()
    network, clouds = Pct(config).train(), torch.rand(CLOUDS, POINTS, 3) - 0.5
    where = geometry(clouds, config)
    return network, lambda: network(clouds, *where)


def peer(options: argparse.Namespace) -> None:
    """Takes a step for every line of standard input, and answers with what it took."""
    sys.path.insert(0, str(ROOT / "scripts" / "train"))
    import torch

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    network, forward = ptv3_step() if options.network == "ptv3" else pct_step()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=True)
    for _ in sys.stdin:
        began, before = time.perf_counter(), time.process_time()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.peer == "bf16"):
            logits = forward().float()
        (logits * logits.detach()).sum().backward()
        optimizer.step()
        took = {"wall": 1e3 * (time.perf_counter() - began), "processor": 1e3 * (time.process_time() - before),
                "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        print(json.dumps(took), flush=True)


class Peer:
    """PyTorch in a process of its own, which waits between steps."""

    def __init__(self, options: argparse.Namespace, precision: str) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
        command = [options.python, __file__, "--peer", precision, "--network", options.network, "--threads", str(options.threads)]
        self.process = subprocess.Popen(command, text=True, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.step()
        self.step()

    def step(self) -> dict[str, float]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def medians(steps: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(step[name] for step in steps) for name in steps[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=ROOT / "build/default/bin/bench_train", help="ptattn's benchmark")
    parser.add_argument("--python", default=sys.executable, help="a Python with PyTorch")
    parser.add_argument("--network", choices=("ptv3", "pct"), default="ptv3")
    parser.add_argument("--threads", type=int, default=2, help="of both")
    parser.add_argument("--rounds", type=int, default=5, help="of which the medians are taken")
    parser.add_argument("--peer", choices=PRECISIONS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        peer(options)
        return
    peers = {precision: Peer(options, precision) for precision in PRECISIONS}
    steps: dict[tuple[str, str], list[dict[str, float]]] = {}
    for _ in range(options.rounds):
        for precision in PRECISIONS:
            steps.setdefault(("ptattn", precision), []).append(own_step(options, precision == "bf16"))
            steps.setdefault(("PyTorch", precision), []).extend(peers[precision].step() for _ in range(2))
    for one in peers.values():
        one.end()
    results = {key: medians(taken) for key, taken in steps.items()}
    best = min(results["PyTorch", precision]["wall"] for precision in PRECISIONS)
    print(f"{options.network}, {options.threads} threads, medians of {options.rounds} rounds")
    for (engine, precision), result in results.items():
        ratio = f", {best / result['wall']:.1f} times PyTorch's best" if engine == "ptattn" else ""
        print(f"  {engine:8} {precision:8} {result['wall']:7.0f} ms a step, {result['processor']:7.0f} ms of processor time, "
              f"{result['megabytes']:.0f} MB{ratio}")


if __name__ == "__main__":
    main()
