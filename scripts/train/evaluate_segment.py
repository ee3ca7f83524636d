#!/usr/bin/env python3
"""Measures ptattn-segment itself on what was held out from training: labels of files, not of voxels. Needs numpy, no PyTorch.

    python3 scripts/train/evaluate_segment.py aerial --programs build/default/bin --work TILES -- --votes 4
    python3 scripts/train/evaluate_segment.py parts --programs build/default/bin -- --votes 4

What stands behind -- goes to ptattn-segment. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import aerial_data
import parts_data
from aerial_augment import Cloud


def write_cloud(path: Path, xyz: np.ndarray, fields: dict[str, np.ndarray | None]) -> None:
    columns = {name: values for name, values in fields.items() if values is not None}
    kinds = {"intensity": "<f8", "return_number": "u1", "number_of_returns": "u1"}
    names = {"<f8": "double", "u1": "uchar"}
    rows = np.zeros(len(xyz), [(axis, "<f8") for axis in "xyz"] + [(name, kinds[name]) for name in columns])
    for i, axis in enumerate("xyz"):
        rows[axis] = xyz[:, i]
    for name, values in columns.items():
        rows[name] = values
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(rows)}"]
    lines += [f"property {names[rows.dtype[name].str.replace('|', '')]} {name}" for name in rows.dtype.names]
    path.write_bytes(("\n".join(lines + ["end_header"]) + "\n").encode() + rows.tobytes())


def labels_of(segment: Path, folder: Path, arguments: list[str], xyz: np.ndarray, **fields: np.ndarray | None) -> np.ndarray:
    cloud, out = folder / "cloud.ply", folder / "out.ply"
    write_cloud(cloud, xyz, fields)
    subprocess.run([segment, cloud, "-o", out, *arguments], check=True, capture_output=True)
    return aerial_data.read_ply(out)["label"]


def aerial(options: argparse.Namespace, folder: Path) -> None:
    def labels(cloud: Cloud) -> np.ndarray:
        return labels_of(options.programs / "ptattn-segment", folder, options.arguments, cloud.xyz, intensity=cloud.intensity,
                         return_number=cloud.return_number, number_of_returns=cloud.number_of_returns)

    _, held_out, _ = aerial_data.load_places(options.data / "aerial_train.tar.xz", options.work)
    columns = ("ground", "vegetation", "building", "mean", "total_error")
    print(f"| | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    rows = {name: aerial_data.measures(labels(cloud), cloud.label)
            for name, cloud in aerial_data.validation_clouds(held_out).items()}
    for name, row in rows.items():
        print(f"| {name} | {' | '.join(f'{row[c]:.1f}' if c in row else '' for c in columns)} |")
    means = [np.mean([row[c] for row in rows.values() if c in row]) for c in columns]
    print(f"| mean of all | {' | '.join(f'{mean:.2f}' for mean in means)} |")


def parts(options: argparse.Namespace, folder: Path) -> None:
    data = parts_data.Data(options.data, None, 0)

    def predict(index: int, guess: bool) -> np.ndarray:
        category = [] if guess else ["--category", data.categories[data.category[index]]]
        return labels_of(options.programs / "ptattn-segment", folder, ["--model", "parts", *category, *options.arguments],
                         data.xyz[index])

    print("| | accuracy | mean | accuracy, category guessed |\n|---|---|---|---|")
    rows: dict[str, list[tuple[float, ...]]] = {}
    for index, sample in zip(data.held_out, data.validation.values()):
        given, guessed = predict(index, False), predict(index, True)
        rows.setdefault(data.categories[data.category[index]], []).append(
            ((given == sample.label).mean(), parts_data.mean_iou(given, sample.label, sample.allowed),
             (guessed == sample.label).mean()))
    means = {name: np.mean(values, 0) for name, values in rows.items()}
    for name, row in [*means.items(), ("all", np.mean(list(means.values()), 0))]:
        print(f"| {name} | {' | '.join(f'{100 * value:.1f}' for value in row)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=("aerial", "parts"))
    parser.add_argument("--programs", type=Path, default=Path("build/default/bin"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("."), help="holds the unpacked tiles (aerial)")
    options, rest = parser.parse_known_args()
    options.arguments = [argument for argument in rest if argument != "--"]
    with tempfile.TemporaryDirectory() as folder:
        (aerial if options.model == "aerial" else parts)(options, Path(folder))


if __name__ == "__main__":
    main()
