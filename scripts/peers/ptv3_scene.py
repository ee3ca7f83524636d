"""Writes a parity case for Point Transformer V3 of the published size: a room as voxels, weights by formula."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "train"))

import safetensors_io  # noqa: E402
from ptv3_plain import shapes  # noqa: E402

CLASSES = 20
GRID_SIZE = 0.02
BASE = {"in_channels": 6, "order": ["z", "z-trans", "hilbert", "hilbert-trans"], "stride": [2] * 4,
        "enc_depths": [2, 2, 2, 6, 2], "enc_channels": [32, 64, 128, 256, 512], "enc_num_head": [2, 4, 8, 16, 32],
        "enc_patch_size": [1024] * 5, "dec_depths": [2] * 4, "dec_channels": [64, 64, 128, 256],
        "dec_num_head": [4, 4, 8, 16], "dec_patch_size": [1024] * 4}


def room(side: int) -> np.ndarray:
    """Voxels of a bumpy floor, two walls and balls as furniture; `side` long, 3/4 as wide and 1/2 as high."""
    rng = np.random.default_rng(7)
    width, height = side * 3 // 4, side // 2
    x, y = (a.reshape(-1) for a in np.meshgrid(np.arange(side), np.arange(width), indexing="ij"))
    parts = [np.stack([x, y, (2 + 2 * np.sin(x * 0.07) * np.cos(y * 0.05)).astype(int)], 1)]
    for axis, length in ((0, side), (1, width)):
        along, z = (a.reshape(-1) for a in np.meshgrid(np.arange(length), np.arange(height), indexing="ij"))
        wall = np.zeros((len(along), 3), int)
        wall[:, axis], wall[:, 2] = along, z
        parts.append(wall)
    for _ in range(12):
        radius = side * rng.uniform(0.03, 0.07)
        center = np.array([rng.uniform(radius, side - radius), rng.uniform(radius, width - radius), radius])
        direction = rng.normal(size=(int(40 * radius * radius), 3))
        direction /= np.linalg.norm(direction, axis=1)[:, None]
        parts.append(np.maximum(center + radius * direction, 0).astype(int))
    return np.unique(np.concatenate(parts), axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", type=Path, help="path without suffix")
    parser.add_argument("--side", type=int, default=227)
    arguments = parser.parse_args()
    grid = room(arguments.side)
    features = np.random.default_rng(1).uniform(size=(len(grid), BASE["in_channels"])).astype(np.float32)
    safetensors_io.save(arguments.case.with_suffix(".safetensors"), {
        "in.grid_coord": grid.astype(np.int64), "in.offset": np.array([len(grid)], np.int64),
        "in.coord": (GRID_SIZE * grid).astype(np.float32), "in.feat": features})
    description = {"architecture": "ptv3m1", "config": BASE, "grid_size": GRID_SIZE, "weights_salt": "",
                   "tensors": shapes(BASE, 1, CLASSES)}
    arguments.case.with_suffix(".json").write_text(json.dumps(description))


if __name__ == "__main__":
    main()
