#!/usr/bin/env python3
"""Measures how many clouds of kinds that a model of objects was not made for get a warning, and how many good ones.

    scripts/check_unlike.py build/default/bin WORK [--seed 1]

WORK holds objects/modelnet40 and objects/parts of scripts/train/prepare_objects.py, and aerial/tiles of
prepare_aerial.py. Prints two tables. ptattn-classify: held-out objects as they are, with any heading, with 256 points
and with noise, which ought to get no warning; then shapes of kinds that ModelNet40 does not have, blocks of surveys
without the fields of a scanner, whole tiles, rooms, two objects beside each other, objects on a floor, and noise, which
ought to. ptattn-segment --model parts: held-out clouds of ModelNet40 by their class, of kinds that the model knows
(* behind their names), that it has learnt to be of no category, and that it has never seen (last: guitar to stool).
Percent that are "unlike" what the model was validated on, by the measure of the model alone; of the parts also that, a
guess of the category below 50 %, or "none of the kinds". Needs numpy.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "train"))
from prepare_objects import OTHER_KINDS, write_ply  # noqa: E402
from score_parts import NEVER_SEEN, read_ply  # noqa: E402

KNOWN_KINDS = {"Airplane", "Chair", "Cup", "Human", "Table", "Vase"}  # of the parts, that ModelNet40 has
KNOWN_CLASSES = {"airplane", "chair", "cup", "person", "table", "vase"}
UNKNOWN_CLASSES = OTHER_KINDS + NEVER_SEEN
NEVER = 40  # clouds of a made-up kind


def points_of(path: Path) -> np.ndarray:
    cloud = read_ply(path)
    return np.stack([cloud[axis] for axis in "xyz"], 1).astype(float)


def some(xyz: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return xyz[np.sort(rng.choice(len(xyz), min(most, len(xyz)), replace=False))]


def room(rng: np.random.Generator) -> np.ndarray:
    """Floor, three walls and some boxes, in metres."""
    n, long, wide, high = 3000, rng.uniform(3, 8), rng.uniform(3, 8), 2.6
    u, v = rng.random(n), rng.random(n)
    zero = np.zeros(n)
    pieces = [np.c_[u * long, v * wide, zero], np.c_[u * long, zero, v * high], np.c_[zero, u * wide, v * high],
              np.c_[zero + long, u * wide, v * high]]
    for _ in range(rng.integers(2, 7)):
        box = rng.random((800, 3))
        box[np.arange(800), rng.integers(3, size=800)] = rng.integers(2, size=800)
        pieces.append(box * rng.uniform(0.3, 1.5, 3) + [rng.uniform(0.5, long - 1), rng.uniform(0.5, wide - 1), 0])
    return some(np.concatenate(pieces), 4096, rng)


def good_objects(objects: list[np.ndarray], rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    for xyz in objects:
        yield "as they are *", xyz
    for xyz in objects[::3]:
        a = rng.uniform(0, 2 * np.pi)
        yield "any heading *", xyz @ np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]).T
        yield "256 points *", some(xyz, 256, rng)
        yield "noise of 2 % of the radius *", xyz + rng.normal(0, 0.02, xyz.shape)


def blocks(tile: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    for wide in (8, 20, 60):
        for _ in range(2):
            middle = tile[rng.integers(len(tile))]
            block = tile[(np.abs(tile[:, :2] - middle[:2]) < wide / 2).all(1)]
            if len(block) >= 256:
                yield f"blocks of surveys, {wide} m", some(block, 4096, rng)
    yield "whole tiles", some(tile, 20000, rng)


def strangers(objects: list[np.ndarray], work: Path, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    for path in sorted((work / "objects/parts").glob("*.ply")):
        kind = path.stem.removeprefix("held_").split("_")[0]
        if kind not in {"modelnet", "Other", *KNOWN_KINDS}:
            yield "other kinds (Princeton)", some(points_of(path)[:, [0, 2, 1]] * [1, -1, 1], 2048, rng)
    for path in sorted((work / "aerial/tiles").glob("*.ply")):
        tile = points_of(path)
        yield from blocks(tile - tile.min(axis=0), rng)
    for _ in range(NEVER):
        yield "rooms", room(rng)
        first, second = (objects[rng.integers(len(objects))] for _ in range(2))
        yield "two objects", np.concatenate([first, second + [rng.uniform(1.2, 2.5), rng.uniform(-1, 1), 0]])
        low = first[:, 2].min()
        yield "an object on a floor", np.concatenate([first, np.c_[rng.uniform(-2, 2, (800, 2)), np.full(800, low)]])
        yield "a random walk", np.cumsum(rng.normal(size=(2000, 3)), 0)
        yield "uniform noise", rng.uniform(-1, 1, (2000, 3)) * rng.uniform(0.3, 1, 3)
        yield "normal noise", rng.normal(size=(2000, 3)) * rng.uniform(0.3, 1, 3)


def codes_of(command: list[str | Path], paths: list[Path]) -> list[set[str]]:
    run = subprocess.run([*command, "-", "--format", "jsonl", "--no-timing", "-q"], check=True, text=True,
                         input="".join(f"{path}\n" for path in paths), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return [{warning["code"] for warning in json.loads(line).get("warnings", [])} for line in run.stdout.splitlines()]


def shares(command: list[str | Path], clouds: Iterator[tuple[str, np.ndarray]], codes: list[set[str]]) -> None:
    """A row for each kind: how many clouds there are, and the percentage with one of each set of codes."""
    kinds: dict[str, list[Path]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, xyz) in enumerate(clouds):
            path = Path(folder) / f"{number}.ply"
            write_ply(path, xyz.astype(np.float32))
            kinds.setdefault(kind, []).append(path)
        for kind, paths in kinds.items():
            found = codes_of(command, paths)
            cells = [f"{100 * np.mean([bool(own & wanted) for own in found]):.1f}" for wanted in codes]
            print(f"| {kind} | {len(paths)} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    held_out = sorted((options.work / "objects/modelnet40").glob("*/held_*.ply"))
    objects = [points_of(path) for path in held_out]

    print("| ptattn-classify | clouds | unlike, % |\n|---|---|---|")
    classify = [options.programs / "ptattn-classify"]
    shares(classify, good_objects(objects, rng), [{"unlike"}])
    shares(classify, strangers(objects, options.work, rng), [{"unlike"}])

    def by_class() -> Iterator[tuple[str, np.ndarray]]:
        for name in [*sorted(KNOWN_CLASSES), *UNKNOWN_CLASSES]:
            for path, xyz in zip(held_out, objects):
                if path.parent.name == name:
                    yield name + (" *" if name in KNOWN_CLASSES else ""), xyz

    print("\n| ptattn-segment --model parts | clouds | unlike, % | or category doubted |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as out:
        segment = [options.programs / "ptattn-segment", "--model", "parts", "-o", f"{out}/"]
        shares(segment, by_class(), [{"unlike"}, {"unlike", "category"}])


if __name__ == "__main__":
    main()
