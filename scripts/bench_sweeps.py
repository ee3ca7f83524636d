#!/usr/bin/env python3
"""Labels sweeps of a spinning scanner as they come, and says at which rate, and how many cores ten a second would take.

    scripts/bench_sweeps.py --python VENV/bin/python WORK                     # 200 sweeps, float32 and int8, one and two threads
    scripts/bench_sweeps.py --python VENV/bin/python --sweeps 50 WORK --precisions float32 bf16 int8

Made-up sweeps of 32 beams (28 400 points of x, y, z, intensity and ring in a .bin file) along a street, and LitePT-S with drawn
weights, which take as long as trained ones; needs a Python with PyTorch and numpy for them. `ptattn-segment --stream` is told
each name when the record of the one before is there, so that nothing waits in a queue: reading, voxels, network, labels and
writing are inside. Of the times with one thread and with two, the share that does not scale is computed (Amdahl 1967), and the
rates of more cores by it; those are marked as computed.
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
SMALL = {"in_channels": 4, "num_classes": 16,
         "enc_depths": [2, 2, 2, 6, 2], "enc_channels": [36, 72, 144, 252, 504], "enc_num_head": [2, 4, 8, 14, 28],
         "enc_patch_size": [1024] * 5, "enc_conv": [True, True, True, False, False],
         "enc_attn": [False, False, False, True, True], "enc_rope_freq": [100.0] * 5,
         "dec_depths": [0] * 4, "dec_channels": [72, 72, 144, 252], "dec_num_head": [4, 4, 8, 14], "dec_patch_size": [1024] * 4,
         "dec_conv": [False] * 4, "dec_attn": [False] * 4, "dec_rope_freq": [100.0] * 4, "stride": [2] * 4}
WEIGHTS = """
import json, sys
sys.path.insert(0, sys.argv[1])
import torch
from litept import LitePt, LitePtConfig
torch.manual_seed(1)
settings = json.loads(sys.argv[3])
torch.save({"config": settings, "state_dict": LitePt(LitePtConfig(**settings)).state_dict()}, sys.argv[2])
"""


def make_model(options: argparse.Namespace) -> Path:
    """LitePT-S of drawn weights, imported as one would import a published checkpoint."""
    checkpoint, folder = options.work / "litept.pth", options.work / "models" / "litept-s"
    if not (folder / "config.json").exists():
        subprocess.run([options.python, "-c", WEIGHTS, ROOT / "scripts" / "train", checkpoint, json.dumps(SMALL)], check=True)
        subprocess.run([sys.executable, ROOT / "scripts" / "import_checkpoint.py", checkpoint, "-o", folder, "--profile", "nuscenes"],
                       check=True, stdout=subprocess.DEVNULL)
    return folder


SWEEPS = """
import sys
import numpy as np
beams, columns, reach, height = 32, 1085, 60.0, 1.8
rng = np.random.default_rng(5)
along = rng.uniform(-60, 160, 160)  # houses and cars beside a street along x
side = rng.choice([-1, 1], 160) * rng.uniform(4, 45, 160)
half, top = rng.uniform(0.8, 3.3, 160), rng.uniform(1.0, 6.0, 160)
slopes = np.tan(np.radians(np.linspace(-30, 10, beams)))[None]
angles = np.linspace(0, 2 * np.pi, columns, endpoint=False)[:, None]
dx, dy = np.cos(angles), np.sin(angles)
for number in range(int(sys.argv[2])):
    away = np.where(slopes < -0.02, height / np.maximum(-slopes, 1e-9), 2 * reach) * np.ones_like(angles)
    for x, y, r, h in zip(along - 0.5 * number, side, half, top):
        near, beside = x * dx + y * dy, np.abs(x * dy - y * dx)
        z = height + slopes * near
        hit = (near > 1.0) & (beside < r) & (z > 0) & (z < h) & (near < away)
        away = np.where(hit, near, away)
    away = away + rng.normal(0, 0.02, away.shape)
    x, y, z = away * dx, away * dy, away * slopes + 0.1 * np.sin(0.3 * away * dx) * (slopes < 0)
    ring = np.broadcast_to(np.arange(beams)[None], away.shape)
    points = np.stack([x, y, z, rng.uniform(0, 255, away.shape), ring], -1)[away < reach]
    points.astype("<f4").tofile(f"{sys.argv[1]}/{number:04}.bin")
"""


def make_sweeps(options: argparse.Namespace) -> list[Path]:
    folder = options.work / "sweeps"
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{i:04}.bin" for i in range(options.sweeps)]
    if not all(file.exists() for file in files):
        subprocess.run([options.python, "-c", SWEEPS, folder, str(options.sweeps)], check=True)
    return files


def stream(options: argparse.Namespace, model: Path, files: list[Path], threads: int, precision: str) -> tuple[list[float], str]:
    """Seconds of each sweep, from its name to its record, and what the program says at the end."""
    output = options.work / "labelled"
    command = [options.bin / "ptattn-segment", "--stream", "-o", f"{output}/", "--model", model, "--threads", str(threads),
               "--precision", precision, "--format", "jsonl", "--bin-columns", "x,y,z,intensity,ring"]
    run = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seconds = []
    for file in files:
        began = time.perf_counter()
        run.stdin.write(f"{file}\n")
        run.stdin.flush()
        if '"error"' in run.stdout.readline():
            break
        seconds.append(time.perf_counter() - began)
    run.stdin.close()
    said = run.stderr.read()
    if run.wait() != 0:
        sys.exit(f"ptattn-segment ended with {run.returncode}: {said}")
    return seconds, said.strip().splitlines()[-1]


def row(precision: str, one: float, two: float) -> str:
    """Rates by cores: two measured, the others by the share that does not scale."""
    scaling = min(one, max(0.0, 2.0 * (one - two)))
    fixed = one - scaling
    rates = [f"{1 / one:.2f}", f"{1 / two:.2f}", *(f"{1 / (fixed + scaling / n):.1f}" for n in (4, 8, 16))]
    left = 0.1 - fixed
    cores = f"{scaling / left:.0f}" if left > 0 else "out of reach"
    return f"| {precision} | " + " | ".join(rates) + f" | {100 * fixed / one:.0f} % | {cores} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder for model, sweeps and labelled sweeps")
    parser.add_argument("--bin", type=Path, default=ROOT / "build" / "default" / "bin")
    parser.add_argument("--python", default=sys.executable, help="a Python with PyTorch and numpy")
    parser.add_argument("--sweeps", type=int, default=200)
    parser.add_argument("--precisions", nargs="+", default=["float32", "int8"], choices=["float32", "bf16", "int8"])
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    model, files = make_model(options), make_sweeps(options)
    points = statistics.median(file.stat().st_size for file in files) / 20
    print(f"{len(files)} sweeps of {points:.0f} points, {os.cpu_count()} cores", flush=True)
    rows = []
    for precision in options.precisions:
        medians = []
        for threads in (1, 2):
            seconds, said = stream(options, model, files, threads, precision)
            warm = seconds[3:] or seconds
            tenth = max(1, len(warm) // 10)
            medians.append(statistics.median(warm))
            print(f"{precision}, {threads} threads: median {1e3 * medians[-1]:.0f} ms, slowest {1e3 * max(warm):.0f} ms, first "
                  f"tenth {1e3 * statistics.median(warm[:tenth]):.0f}, last {1e3 * statistics.median(warm[-tenth:]):.0f}; {said}", flush=True)
        rows.append(row(precision, *medians))
    print("\n| | 1 core | 2 | 4, computed | 8, computed | 16, computed | does not scale | cores for 10 a second |\n" + "|---" * 8 + "|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
