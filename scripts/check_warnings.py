#!/usr/bin/env python3
"""Measures how often unusual tiles are warned of, and good ones by mistake.

    scripts/check_warnings.py build/default/bin TILE.ply... [--most 60000] [--seed 1] [--details] [--ask info] [--model NAME]

Takes tiles of airborne laser scanning (binary PLY, x y z as doubles, metres, z up), makes unusual copies of each
(another axis up, upside down, tilted, feet, millimetres, degrees, stray points, zeros, float32, thinned below 0.3
points/m2) and lets ptattn-segment label all of them; with --ask info, ptattn-info looks at them, which is fast but
does not hear the model. A copy is named when a warning has the code that belongs to the change, or when the tools
refuse it with a reason (millimetres: more voxels than there can be); it is warned of when there is any warning. Good
tiles are looked at whole, copies are made of the middle of large ones. Prints a line for each change, then the shares,
then what good tiles were warned of: whether rightly (a tile may be too thin, or hold strays), a reader judges. Needs
numpy.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

TYPES = {"double": "<f8", "float": "<f4", "uchar": "u1", "char": "i1", "ushort": "<u2", "short": "<i2", "uint": "<u4",
         "int": "<i4"}
NAMES = {"<f8": "double", "<f4": "float", "|u1": "uchar", "|i1": "char", "<u2": "ushort", "<i2": "short",
         "<u4": "uint", "<i4": "int"}


def read(path: Path) -> np.ndarray:
    with path.open("rb") as file:
        fields = []
        points = 0
        while (words := file.readline().split()) != [b"end_header"]:
            if words[0] == b"element":
                points = int(words[2])
            elif words[0] == b"property":
                fields.append((words[2].decode(), TYPES[words[1].decode()]))
        return np.frombuffer(file.read(), dtype=fields, count=points)


def write(path: Path, cloud: np.ndarray, xyz: np.ndarray, kind: str = "<f8") -> None:
    fields = [(name, kind if name in "xyz" else cloud.dtype[name].str) for name in cloud.dtype.names]
    out = np.empty(len(xyz), dtype=fields)
    for name in cloud.dtype.names:
        out[name] = xyz[:, "xyz".index(name)] if name in "xyz" else cloud[name]
    header = "ply\nformat binary_little_endian 1.0\nelement vertex %d\n" % len(xyz)
    header += "".join(f"property {NAMES[out.dtype[name].str]} {name}\n" for name in out.dtype.names)
    path.write_bytes(header.encode() + b"end_header\n" + out.tobytes())


def turned(xyz: np.ndarray, degrees: float, heading: float) -> np.ndarray:
    """Tilts about a horizontal axis through the middle."""
    a, h = np.radians(degrees), np.radians(heading)
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    z = np.array([[np.cos(h), -np.sin(h), 0], [np.sin(h), np.cos(h), 0], [0, 0, 1]])
    middle = xyz.mean(axis=0)
    return (xyz - middle) @ (z.T @ x @ z).T + middle


def strays(xyz: np.ndarray, random: np.random.Generator, count: int, far: float) -> np.ndarray:
    changed = xyz.copy()
    chosen = random.choice(len(xyz), count, replace=False)
    direction = random.normal(size=(count, 3))
    changed[chosen] = xyz.mean(axis=0) + far * direction / np.linalg.norm(direction, axis=1, keepdims=True)
    return changed


def below(xyz: np.ndarray, random: np.random.Generator) -> np.ndarray:
    changed = xyz.copy()
    changed[random.choice(len(xyz), 5, replace=False), 2] -= 1000.0
    return changed


def zeros(xyz: np.ndarray, random: np.random.Generator) -> np.ndarray:
    changed = xyz.copy()
    changed[random.choice(len(xyz), len(xyz) // 50, replace=False)] = 0.0
    return changed


def degrees(xyz: np.ndarray) -> np.ndarray:
    middle = xyz.mean(axis=0)
    return np.stack([3.0 + (xyz[:, 0] - middle[0]) / 78000.0, 45.0 + (xyz[:, 1] - middle[1]) / 111000.0, xyz[:, 2]], 1)


def changes(xyz: np.ndarray, random: np.random.Generator) -> dict[str, tuple[str, np.ndarray, str]]:
    """Name of the change: code of the warning that belongs to it, coordinates, type that they are stored as."""
    local = xyz - np.floor(xyz.min(axis=0))
    tilt = random.uniform(15.0, 40.0)
    return {
        "y up": ("up", xyz[:, [0, 2, 1]] * [1, 1, -1], "<f8"),
        "x up": ("up", xyz[:, [2, 0, 1]], "<f8"),
        "camera frame (-y up)": ("up", local[:, [0, 2, 1]] * [1, -1, 1], "<f8"),
        "upside down": ("up", xyz * [1, -1, -1], "<f8"),
        "tilted by 15 to 40 degrees": ("tilt", turned(local, tilt, random.uniform(0, 360)), "<f8"),
        "feet": ("unit", xyz / 0.3048, "<f8"),
        "feet, moved to 0": ("unit", local / 0.3048, "<f8"),
        "US survey feet, to 0.01": ("unit", np.round(xyz * 3937 / 1200, 2), "<f8"),
        "millimetres": ("unit", local * 1000.0, "<f8"),
        "degrees": ("unit", degrees(xyz), "<f8"),
        "one stray point at 1e6": ("stray", strays(xyz, random, 1, 1e6), "<f8"),
        "20 stray points at 5000": ("stray", strays(xyz, random, 20, 5000.0), "<f8"),
        "5 stray points below ground": ("stray", below(xyz, random), "<f8"),
        "2 % zeros": ("stray", zeros(xyz, random), "<f8"),
        "float32 at northings of 6.2e6": ("float", local + [700000.0, 6200000.0, 0.0], "<f4"),
    }


def thin(cloud: np.ndarray, xyz: np.ndarray, density: float, random: np.random.Generator) -> np.ndarray | None:
    """Rows that leave this many points a square metre."""
    cells = np.unique(np.floor(xyz[:, :2] / 10.0).astype(np.int64), axis=0)
    count = int(density * len(cells) * 100.0)
    return np.sort(random.choice(len(cloud), count, replace=False)) if 100 <= count < len(cloud) else None


class Count:
    def __init__(self) -> None:
        self.named = 0
        self.warned = 0
        self.total = 0
        self.missed: list[str] = []

    def add(self, tile: str, named: bool, warned: bool) -> None:
        self.total += 1
        self.named += named
        self.warned += warned
        if not warned:
            self.missed.append(tile)


def codes_of_info(programs: Path, cloud: Path, model: str) -> list[str]:
    run = subprocess.run([programs / "ptattn-info", cloud, "--format", "jsonl", "-q"], stdout=subprocess.PIPE,
                         check=True)
    record = json.loads(run.stdout)
    return [warning["code"] for warning in record["models"][model]["warnings"]] + (
        ["stray"] if record["stray"] else [])


def codes_of_segment(programs: Path, cloud: Path, model: str) -> list[str]:
    run = subprocess.run([programs / "ptattn-segment", cloud, "--model", model, "-o", cloud.with_name("labelled.ply"),
                          "--format", "jsonl", "-q"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode == 3:
        return ["refused"]
    run.check_returncode()
    record = json.loads(run.stdout)
    return [warning["code"] for warning in record.get("warnings", [])] + (["stray"] if record.get("stray") else [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path)
    parser.add_argument("tiles", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=60000, help="make copies of the most central N points of a tile [60000]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--details", action="store_true", help="name the tiles that were not warned of")
    parser.add_argument("--ask", choices=["segment", "info"], default="segment", help="the tool [segment]")
    parser.add_argument("--model", default="aerial", help="the bundled model [aerial]")
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    counts: dict[str, Count] = {}
    false: list[str] = []
    good = 0

    codes_of = codes_of_info if arguments.ask == "info" else codes_of_segment

    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / "tile.ply"

        def ask(change: str, code: str, tile: Path, writer: Callable[[], None]) -> None:
            writer()
            found = codes_of(arguments.programs, made, arguments.model)
            named = code in found or "refused" in found
            counts.setdefault(change, Count()).add(tile.stem, named, bool(found))

        for tile in arguments.tiles:
            cloud = read(tile)
            xyz = np.stack([cloud["x"], cloud["y"], cloud["z"]], 1).astype(float)
            away = np.abs(xyz[:, :2] - np.median(xyz[:, :2], axis=0)).max(axis=1)
            rows = np.sort(np.argsort(away)[:arguments.most])
            write(made, cloud, xyz)
            found = codes_of(arguments.programs, made, arguments.model)
            cloud, xyz = cloud[rows], xyz[rows]
            good += 1
            if found:
                false.append(f"{tile.stem} {found}")
            for change, (code, changed, kind) in changes(xyz, random).items():
                ask(change, code, tile, lambda: write(made, cloud, changed, kind))
            kept = thin(cloud, xyz, 0.1, random)
            if kept is not None:
                ask("thinned to 0.1 points/m2", "density", tile, lambda: write(made, cloud[kept], xyz[kept]))
            print(f"{tile.stem}: {found}", file=sys.stderr)
    for change, count in counts.items():
        print(f"{change:32} {count.warned:3} of {count.total:3} warned of, {count.named:3} by name")
        for missed in count.missed if arguments.details else []:
            print(f"    not: {missed}")
    warned, named, total = (sum(getattr(count, what) for count in counts.values())
                            for what in ("warned", "named", "total"))
    print(f"{'all changes':32} {warned:3} of {total:3} warned of, {100 * warned / total:.1f} %; "
          f"{named:3} by name, {100 * named / total:.1f} %")
    print(f"{'as they are':32} {len(false):3} of {good:3} warned of, {100 * len(false) / good:.1f} %")
    for tile in false:
        print(f"    {tile}")


if __name__ == "__main__":
    main()
