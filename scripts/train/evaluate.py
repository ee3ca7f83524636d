#!/usr/bin/env python3
"""Accuracy of a model folder on the held-out clouds, by number of points and heading, as a Markdown table.

With --ply it also writes these clouds as PLY files, class by class, for checking the command-line tool end to end.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from data import Views, load_clouds, split
from export import load_model
from train_pct import accuracies, predict

CASES = {"full": "1024 points", "random:512": "512 random points", "random:256": "256 random points",
         "random:128": "128 random points", "fps:512": "512 evenly spread points"}


def write_ply(folder: Path, xyz: np.ndarray, labels: np.ndarray, classes: list[str], indices: np.ndarray) -> None:
    """<folder>/<class>/<class>_<index in the data set>.ply, binary little-endian floats."""
    for index in indices:
        name = classes[labels[index]]
        (folder / name).mkdir(parents=True, exist_ok=True)
        header = ("ply\nformat binary_little_endian 1.0\n"
                  f"element vertex {len(xyz[index])}\nproperty float x\nproperty float y\nproperty float z\nend_header\n")
        (folder / name / f"{name}_{index}.ply").write_bytes(header.encode() + xyz[index].astype("<f4").tobytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", type=Path, help="model folder")
    parser.add_argument("--cache", type=Path, help="folder of the cached views, needed with --model")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--per-class", action="store_true", help="also the accuracy of each class, 1024 points")
    parser.add_argument("--ply", type=Path, help="folder to write the held-out clouds to")
    options = parser.parse_args()
    xyz, labels, classes = load_clouds(options.data)
    _, validation = split(labels)
    if options.ply:
        write_ply(options.ply, xyz, labels, classes, validation)
    if not options.model:
        return
    network, config = load_model(options.model)
    views = Views(xyz[validation], config, list(CASES), False, 1, options.cache)
    truth = labels[validation]
    print("| input | heading | accuracy % | mean of classes % |\n|---|---|---|---|")
    for view, name in enumerate(CASES.values()):
        for yaw in (False, True):
            logits = predict(network, views, view, yaw)
            overall, mean = accuracies(logits, truth)
            print(f"| {name} | {'any' if yaw else 'aligned'} | {overall:.1f} | {mean:.1f} |", flush=True)
            if options.per_class and view == 0 and not yaw:
                aligned = logits
    if options.per_class:
        guess = aligned.argmax(1).numpy()
        print("\n| class | clouds | accuracy % | most often taken for |\n|---|---|---|---|")
        for label, name in enumerate(classes):
            members = guess[truth == label]
            wrong = members[members != label]
            confused = classes[np.bincount(wrong).argmax()] if len(wrong) else ""
            print(f"| {name} | {len(members)} | {100 * np.mean(members == label):.0f} | {confused} |")


if __name__ == "__main__":
    main()
