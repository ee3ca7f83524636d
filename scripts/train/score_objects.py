#!/usr/bin/env python3
"""Measures models that classify objects on the held-out clouds of prepare_objects.py, as a Markdown table for their cards.

    scripts/train/score_objects.py WORK/objects/modelnet40 MODEL [MODEL ...] --programs build/default/bin

Percent of the clouds that ptattn-classify puts into the class of their folder, as they are and as copies: turned, with fewer
points, noisy, seen from one side, with points that do not belong to them. The same copies for every model.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from prepare_objects import random_rotation, write_ply
from score_parts import read_ply, rotation

SEED = 1
UP = np.array([0.0, 0.0, 1.0])
AXES = [np.eye(3), rotation(np.array([1.0, 0, 0]), np.pi)] + [
    rotation(np.array(axis), angle) for axis in ([1.0, 0, 0], [0, 1.0, 0]) for angle in (np.pi / 2, -np.pi / 2)]


def turned(xyz: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return xyz @ matrix.T.astype(np.float32)


def heading(rng: np.random.Generator) -> np.ndarray:
    return rotation(UP, rng.uniform(0, 2 * np.pi))


def thinned(xyz: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return xyz[np.sort(rng.choice(len(xyz), n, replace=False))]


def seen_from_one_side(xyz: np.ndarray, rng: np.random.Generator, cell: float = 0.08, depth: float = 0.2) -> np.ndarray:
    """What is not behind something else, seen from far away in a direction drawn at random."""
    local = turned(xyz, random_rotation(rng))
    cells = np.floor(local[:, :2] / cell).astype(int)
    cells = (cells[:, 0] - cells[:, 0].min()) * 1000 + cells[:, 1] - cells[:, 1].min()
    nearest = np.full(cells.max() + 1, -np.inf)
    np.maximum.at(nearest, cells, local[:, 2])
    return xyz[local[:, 2] > nearest[cells] - depth]


def cluttered(xyz: np.ndarray, rng: np.random.Generator, share: float = 0.1) -> np.ndarray:
    extra = rng.uniform(-1, 1, (int(share * len(xyz)), 3)).astype(np.float32)
    return np.concatenate([xyz, extra * np.abs(xyz).max()])


COPIES = {
    "as they are": lambda xyz, rng: xyz,
    "any heading": lambda xyz, rng: turned(xyz, heading(rng)),
    "any of six sides up, any heading": lambda xyz, rng: turned(turned(xyz, heading(rng)), AXES[rng.integers(6)]),
    "turned in any way": lambda xyz, rng: turned(xyz, random_rotation(rng)),
    "512 points": lambda xyz, rng: thinned(xyz, 512, rng),
    "256 points": lambda xyz, rng: thinned(xyz, 256, rng),
    "128 points": lambda xyz, rng: thinned(xyz, 128, rng),
    "noise of 2 % of the radius": lambda xyz, rng: xyz + rng.normal(0, 0.02, xyz.shape).astype(np.float32),
    "seen from one side": seen_from_one_side,
    "a tenth of stray points": cluttered,
}


def accuracy(programs: Path, model: str, paths: list[Path], *options: str) -> tuple[float, float]:
    """Of all clouds, and the mean of the classes; in percent."""
    run = subprocess.run([programs / "ptattn-classify", "-", "--model", model, "--format", "jsonl", "--no-timing", "--quiet", *options],
                         input="".join(f"{path}\n" for path in paths), check=True, capture_output=True, text=True)
    right: dict[str, list[bool]] = {}
    for line in run.stdout.splitlines():
        record = json.loads(line)
        truth = Path(record["path"]).parent.name
        right.setdefault(truth, []).append(record.get("class") == truth)
    return 100 * np.mean([r for rs in right.values() for r in rs]), 100 * np.mean([np.mean(rs) for rs in right.values()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("objects", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--programs", type=Path, default=Path("build/default/bin"))
    options = parser.parse_args()
    held_out = sorted(options.objects.glob("*/held_*.ply"))
    names = " | ".join(f"{Path(model).name}, % | mean of classes" for model in options.models)
    print(f"| {len(held_out)} held-out clouds | {names} |\n|---|" + "---|---|" * len(options.models))
    with tempfile.TemporaryDirectory() as folder:
        for copy, change in COPIES.items():
            rng = np.random.default_rng(SEED)
            paths = []
            for path in held_out:
                cloud = read_ply(path)
                target = Path(folder) / path.parent.name / path.name
                target.parent.mkdir(exist_ok=True)
                write_ply(target, change(np.stack([cloud[axis] for axis in "xyz"], 1), rng).astype(np.float32))
                paths.append(target)
            ways = [("", []), (", --up auto", ["--up", "auto"])] if "sides" in copy else [("", [])]
            for words, how in ways:
                cells = [accuracy(options.programs, model, paths, *how) for model in options.models]
                print(f"| {copy}{words} | " + " | ".join(f"{a:.1f} | {m:.1f}" for a, m in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
