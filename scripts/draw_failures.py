#!/usr/bin/env python3
"""Draws where the bundled models are wrong on held-out data, for their cards.

    scripts/draw_failures.py aerial WORK/aerial/tiles/held_*.ply --classes WORK/aerial/classes.txt --maps WORK/aerial/maps.json -o OUT
    scripts/draw_failures.py parts WORK/objects/parts/held_*.ply --classes WORK/objects/parts_classes.txt -o OUT
    scripts/draw_failures.py objects WORK/objects/modelnet40 -o OUT

aerial: a picture of each place, as labelled by hand and by the model; where both agree, or the place says nothing, points are pale.
parts: the six shapes with the most wrong points whose category is guessed right, in one picture of that kind.
objects: five of the held-out clouds that are in the wrong class, each of another class, drawn with a fixed seed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from bench_peers_aerial import ROOT, meanings, names_of, own_labels, read_ply

SEED = 1
SHAPES = 6
OBJECTS = 5
SIZE = "1000x400"


def write_ply(path: Path, xyz: np.ndarray, **fields: np.ndarray) -> None:
    vertices = np.empty(len(xyz), [(axis, "<f4") for axis in "xyz"] + [(name, "<i4") for name in fields])
    for axis, name in enumerate("xyz"):
        vertices[name] = xyz[:, axis]
    for name, values in fields.items():
        vertices[name] = values
    properties = "".join(f"property {'float' if name in 'xyz' else 'int'} {name}\n" for name in vertices.dtype.names)
    path.write_bytes(f"ply\nformat binary_little_endian 1.0\nelement vertex {len(xyz)}\n{properties}end_header\n".encode()
                     + vertices.tobytes())


def positions(cloud: np.ndarray) -> np.ndarray:
    xyz = np.stack([cloud[axis] for axis in "xyz"], 1).astype(float)
    return xyz - xyz.mean(0)


def draw(programs: Path, picture: Path, *arguments: str | Path) -> None:
    subprocess.run([programs / "ptattn-view", *arguments, "--size", SIZE, "-o", picture, "--quiet", "--no-progress"], check=True, capture_output=True)
    print(picture)


def compare(programs: Path, work: Path, picture: Path, model: str, clouds: tuple, *arguments: str) -> None:
    """clouds: positions, labels by hand, labels of the model"""
    both = [work / "by hand.ply", work / "by the model.ply"]
    for path, label in zip(both, clouds[1:]):
        write_ply(path, clouds[0], label=label)
    draw(programs, picture, *both, "--compare", "--model", model, *arguments)


def aerial(options: argparse.Namespace, work: Path) -> None:
    common, single = meanings(options.classes, options.maps)
    classes = json.loads((Path(options.model) / "config.json").read_text())["classes"]
    for path in options.data:
        cloud = read_ply(path)
        truth = names_of(cloud, single.get(path.stem, common))
        found = own_labels(path, options.model, options.programs, work)
        known = np.isin(truth, classes)
        number = {name: i for i, name in enumerate([*classes, "none"])}
        label = np.array([number[name] for name in found])
        by_hand = np.where(known, [number.get(name, 0) for name in truth], label)
        compare(options.programs, work, options.output / f"{path.stem.removeprefix('held_')}.png", options.model,
                (positions(cloud), by_hand, label), "--unit", "m")


def parts(options: argparse.Namespace, work: Path) -> None:
    classes = json.loads((Path(options.model) / "config.json").read_text())["classes"]
    value_of = dict(reversed(line.split("#")[0].split()[:2]) for line in options.classes.read_text().splitlines() if line.split("#")[0].split())
    number = {int(value): classes.index(name) for name, value in value_of.items() if name in classes}
    shapes = []
    for path in options.data:
        cloud = read_ply(path)
        if not set(np.unique(cloud["part"])) <= set(number):
            continue
        label = np.array([classes.index(name) for name in own_labels(path, options.model, options.programs, work)])
        truth = np.array([number[int(value)] for value in cloud["part"]])
        if classes[label[0]].split(".")[0] == classes[truth[0]].split(".")[0]:
            shapes.append((np.mean(label != truth), positions(cloud), truth, label))
    shapes.sort(key=lambda shape: -shape[0])
    rows = [xyz / np.linalg.norm(xyz, axis=1).max() + [2.1 * (i % 3), 0, -2.1 * (i // 3)] for i, (_, xyz, _, _) in enumerate(shapes[:SHAPES])]
    compare(options.programs, work, options.output / "parts.png", options.model,
            (np.concatenate(rows), *(np.concatenate([shape[k] for shape in shapes[:SHAPES]]) for k in (2, 3))),
            "--camera", "15,10", "--flat", "--no-legend")


def objects(options: argparse.Namespace, work: Path) -> None:
    paths = sorted(options.data[0].glob("*/held_*.ply"))
    run = subprocess.run([options.programs / "ptattn-classify", "-", "--model", options.model, "--format", "jsonl", "--no-timing", "--quiet"],
                         input="".join(f"{path}\n" for path in paths), check=True, capture_output=True, text=True)
    wrong = [(Path(r["path"]), r["class"]) for r in map(json.loads, run.stdout.splitlines()) if r["class"] != Path(r["path"]).parent.name]
    chosen: dict[str, Path] = {}
    for i in np.random.default_rng(SEED).permutation(len(wrong)):
        path, found = wrong[i]
        if len(chosen) < OBJECTS and not any(name.startswith(f"{path.parent.name} ") for name in chosen):
            chosen[f"{path.parent.name} as {found}"] = path
    clouds = [work / f"{name}.ply" for name in chosen]
    for cloud, path in zip(clouds, chosen.values()):
        cloud.write_bytes(path.read_bytes())
    draw(options.programs, options.output / "objects.png", *clouds, "--side-by-side", "--colorize", "height")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = {"aerial": (aerial, "aerial"), "parts": (parts, "parts"), "objects": (objects, "pct-modelnet40")}
    parser.add_argument("kind", choices=list(kinds))
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--classes", type=Path)
    parser.add_argument("--maps", type=Path)
    parser.add_argument("--model", help="folder of the model [the bundled one]")
    parser.add_argument("--programs", type=Path, default=Path("build/default/bin"))
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    run, name = kinds[options.kind]
    options.model = options.model or str(ROOT / "samples/models" / name)
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        run(options, Path(work))


if __name__ == "__main__":
    main()
