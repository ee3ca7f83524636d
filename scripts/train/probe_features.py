#!/usr/bin/env python3
"""How much features know about labels: a linear classifier trained on one half of a cloud, tested on the other.

    ptattn-features town.ply -o geometry.npy
    scripts/train/probe_features.py town.ply geometry.npy --label classification --classes 2 3,4,5 6

The halves are west and east of the median x. The classifier is ridge regression onto the classes; columns are made
uniform by rank first, so that no unit or heavy tail matters. Needs NumPy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

TYPES = {"double": "<f8", "float": "<f4", "ushort": "<u2", "uchar": "u1", "uint": "<u4", "int": "<i4"}


def read_ply(path: Path) -> np.ndarray:
    """Vertices of a binary little-endian PLY file of scalar properties."""
    data = path.read_bytes()
    end = data.index(b"end_header\n") + 11
    words = [line.split() for line in data[:end].decode("ascii", "replace").splitlines()]
    count = next(int(line[2]) for line in words if line[:2] == ["element", "vertex"])
    fields = [(line[2], TYPES[line[1]]) for line in words if line[:1] == ["property"]]
    return np.frombuffer(data, np.dtype(fields), count, end)


def uniform(column: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Ranks among the known values, -1 to 1."""
    return 2.0 * np.searchsorted(np.sort(column[known]), column) / known.sum() - 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cloud", type=Path)
    parser.add_argument("features", type=Path, nargs="+", help=".npy files of the cloud's points")
    parser.add_argument("--label", default="classification")
    parser.add_argument("--classes", nargs="+", help="labels of each class, with commas; others are left out")
    options = parser.parse_args()

    cloud = read_ply(options.cloud)
    truth = np.full(len(cloud), -1)
    for number, labels in enumerate(options.classes):
        truth[np.isin(cloud[options.label], [int(label) for label in labels.split(",")])] = number
    west = cloud["x"] < np.median(cloud["x"])
    train, test = (truth >= 0) & west, (truth >= 0) & ~west
    for path in options.features:
        ranks = np.stack([uniform(column, train) for column in np.load(path).T.astype(float)], 1)
        inputs = np.concatenate([ranks, ranks**2, np.ones((len(ranks), 1))], 1)
        targets = np.eye(len(options.classes))[truth[train]]
        gram = inputs[train].T @ inputs[train] + np.eye(inputs.shape[1])
        predicted = (inputs @ np.linalg.solve(gram, inputs[train].T @ targets)).argmax(1)
        ious = [((predicted == c) & (truth == c))[test].sum() / ((predicted == c) | (truth == c))[test].sum()
                for c in range(len(options.classes))]
        right = (predicted == truth)[test].mean()
        print(f"{path.name:24} {ranks.shape[1]:4} channels, {100 * right:5.1f} % right, mIoU {100 * np.mean(ious):5.1f} %")


if __name__ == "__main__":
    main()
