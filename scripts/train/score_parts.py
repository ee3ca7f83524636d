#!/usr/bin/env python3
"""Measures a model for the parts of objects on the held-out shapes of prepare_objects.py, as Markdown tables for its card.

    scripts/train/score_parts.py WORK/objects/parts MODEL [MODEL ...] --modelnet WORK/objects/modelnet40 --programs build/default/bin

Every shape is labelled by ptattn-segment with its category given, and guessed. Of the last model also category by category
and part by part; of each model on copies of the shapes: fewer points, noise, other headings, other sides up.

accuracy: of all points. mean: mean IoU of a category's parts over its shapes, where a part that is neither there nor
found counts as 100. parts: mean IoU of the parts, all shapes together. --modelnet: for how many held-out clouds of ModelNet40
the category is guessed right; of other kinds, learnt and never seen (*), for how many it is said that they are none of the categories.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from prepare_objects import OTHER_KINDS, SAME_KIND, random_rotation, write_ply

TYPES = {"float": "<f4", "double": "<f8", "uchar": "u1", "uint8": "u1", "short": "<i2", "ushort": "<u2", "int": "<i4", "uint": "<u4",
         "float32": "<f4", "float64": "<f8", "uint16": "<u2", "int32": "<i4"}
SEED = 1
NEVER_SEEN = ["guitar", "lamp", "monitor", "sofa", "bench", "bottle", "bowl", "desk", "flower_pot", "stool"]


def read_ply(path: Path) -> np.ndarray:
    data = path.read_bytes()
    header, _, body = data.partition(b"end_header\n")
    lines = [line.split() for line in header.decode().splitlines()]
    count = next(int(line[2]) for line in lines if line[:2] == ["element", "vertex"])
    kinds = [(line[2], TYPES[line[1]]) for line in lines if line[0] == "property"]
    return np.frombuffer(body, np.dtype(kinds), count)


def rotation(axis: np.ndarray, angle: float) -> np.ndarray:
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def copies(rng: np.random.Generator):
    """Name and what becomes of points and parts."""
    def thinned(n):
        def change(xyz, part):
            keep = np.sort(rng.choice(len(xyz), n, replace=False))
            return xyz[keep], part[keep]
        return change

    def turned(make):
        return lambda xyz, part: (xyz @ make().T.astype(np.float32), part)
    up = np.array([0.0, 0.0, 1.0])
    return {
        "as they are": lambda xyz, part: (xyz, part),
        "2048 points": thinned(2048),
        "1024 points": thinned(1024),
        "noise of 1 % of the radius": lambda xyz, part: (xyz + rng.normal(0, 0.01, xyz.shape).astype(np.float32), part),
        "tilted by up to 20 degrees": turned(lambda: rotation(rng.normal(size=3), rng.uniform(0, np.radians(20)))),
        "any heading": turned(lambda: rotation(up, rng.uniform(0, 2 * np.pi))),
        "any side up": turned(lambda: random_rotation(rng)),
    }


class Scores:
    """Of shapes with truth and labels, in classes."""

    def __init__(self, names: list[str]):
        self.names = names
        self.category = [name.split(".")[0] for name in names]
        self.confusion = np.zeros((len(names), len(names)), np.int64)
        self.shapes: dict[str, list[tuple[float, float, bool]]] = {}

    def add(self, category: str, truth: np.ndarray, label: np.ndarray) -> None:
        np.add.at(self.confusion, (truth, label), 1)
        ious = []
        for c in (c for c in range(len(self.names)) if self.category[c] == category):
            either = ((truth == c) | (label == c)).sum()
            ious.append(((truth == c) & (label == c)).sum() / either if either else 1.0)
        right = self.category[np.bincount(label).argmax()] == category
        self.shapes.setdefault(category, []).append(((truth == label).mean(), float(np.mean(ious)), right))

    def of(self, category: str) -> np.ndarray:
        return 100 * np.mean(np.array(self.shapes[category], float), axis=0)

    def all(self) -> np.ndarray:
        return np.mean([self.of(category) for category in self.shapes], axis=0)

    def ious(self) -> np.ndarray:
        """Of each part over all shapes; NaN: not there."""
        hits = np.diag(self.confusion)
        there = self.confusion.sum(1)
        either = there + self.confusion.sum(0) - hits
        return np.where(there > 0, 100 * hits / np.maximum(either, 1), np.nan)


def label(programs: Path, model: str, clouds: dict[str, list[Path]], out: Path, given: bool, names: list[str]) -> Scores:
    scores = Scores(names)
    for category, paths in clouds.items():
        options = ["--category", category] if given else []
        subprocess.run([programs / "ptattn-segment", *paths, "--model", model, "-o", f"{out}/", "--quiet", "--no-progress",
                        *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for path in paths:
            cloud = read_ply(out / path.name)
            scores.add(category, cloud["part"].astype(int), cloud["label"].astype(int))
    return scores


def category_shares(programs: Path, models: list[str], clouds: Path, out: Path) -> None:
    print("\n| ModelNet40, category guessed right, % | clouds | " + " | ".join(Path(model).name for model in models) + " |")
    print("|---|---|" + "---|" * len(models))
    kinds = {**SAME_KIND, **dict.fromkeys([*OTHER_KINDS, *NEVER_SEEN], "Other")}
    for name, category in kinds.items():
        paths = sorted((clouds / name).glob("held_*.ply"))
        shares = []
        for model in models:
            run = subprocess.run([programs / "ptattn-segment", *paths, "--model", model, "-o", f"{out}/", "--quiet", "--no-progress",
                                  "--format", "jsonl"], check=True, capture_output=True, text=True)
            shares.append(np.mean([json.loads(line)["category"] == category for line in run.stdout.splitlines()]))
        print(f"| {name}{'*' * (name in NEVER_SEEN)}: {category} | {len(paths)} | " + " | ".join(f"{100 * share:.0f}" for share in shares) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--modelnet", type=Path)
    parser.add_argument("--programs", type=Path, default=Path("build/default/bin"))
    options = parser.parse_args()
    names = [line.split(None, 1)[1] for line in (options.shapes.parent / "parts_classes.txt").read_text().splitlines()]
    names = [name for name in names if not name.startswith("not_")]
    held_out = [path for path in sorted(options.shapes.glob("held_*.ply")) if not path.stem.startswith("held_Other_")]
    print("| held-out shapes | model | accuracy | mean | parts | category guessed: accuracy | parts | category right |")
    print("|---|---|---|---|---|---|---|---|")
    last = None
    with tempfile.TemporaryDirectory() as folder:
        work, out = Path(folder) / "shapes", Path(folder) / "labelled"
        work.mkdir()
        rng = np.random.default_rng(SEED)
        for copy, change in copies(rng).items():
            clouds: dict[str, list[Path]] = {}
            for path in held_out:
                cloud = read_ply(path)
                xyz = np.stack([cloud[axis] for axis in "xyz"], 1)
                write_ply(work / path.name, *change(xyz, cloud["part"]))
                clouds.setdefault(path.stem.split("_")[1], []).append(work / path.name)
            for model in options.models:
                given = label(options.programs, model, clouds, out, True, names)
                guessed = label(options.programs, model, clouds, out, False, names)
                (accuracy, mean, _), (free, _, right) = given.all(), guessed.all()
                print(f"| {copy} | {Path(model).name} | {accuracy:.1f} | {mean:.1f} | {np.nanmean(given.ious()):.1f} | {free:.1f} | "
                      f"{np.nanmean(guessed.ious()):.1f} | {right:.1f} |", flush=True)
                if copy == "as they are":
                    last = given, guessed
        if options.modelnet:
            category_shares(options.programs, options.models, options.modelnet, out)
    given, guessed = last
    print("\n| | accuracy | mean | accuracy, category guessed | category right |\n|---|---|---|---|---|")
    for category in given.shapes:
        (accuracy, mean, _), (free, _, right) = given.of(category), guessed.of(category)
        print(f"| {category} | {accuracy:.1f} | {mean:.1f} | {free:.1f} | {right:.1f} |")
    print("\n| category | part: IoU, category given / guessed |\n|---|---|")
    ious = list(zip(given.ious(), guessed.ious()))
    for category in given.shapes:
        parts = [(names[c].split(".")[1], *ious[c]) for c in range(len(names)) if given.category[c] == category]
        print(f"| {category} | " + ", ".join(f"{part} -" if np.isnan(a) else f"{part} {a:.0f} / {b:.0f}" for part, a, b in parts) + " |")


if __name__ == "__main__":
    main()
