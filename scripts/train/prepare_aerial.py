#!/usr/bin/env python3
"""Unpacks the airborne tiles for ptattn-train: tiles/, classes.txt and maps.json in one folder.

Held-out places get the prefix `held_`. Of one tile the north is held out and the south is learnt from. Tiles with ground
labels only get label 0 where an unlabelled point is this near the ground: it may be ground as well.
"""

from __future__ import annotations

import argparse
import json
import tarfile
from pathlib import Path

import numpy as np

HELD_OUT = (
    "herault_77060_627755",  # FR: a town
    "dense_bat",  # FR: a building among trees on a slope
    "ign_0897_6577_sparse",  # FR: fields and woods
    "conifer_ground",  # ground or not
    "ahn4_amsterdam_2496",  # NL: blocks of flats
    "ahn3_manual_amsterdam",  # NL: sheds and hedges
    "ahn3_manual_biesbosch",  # NL: willows at water
    "ahn4_wire_12AN2_20",  # NL: a power line
    "nrw_291_5744_west",  # DE: a canal, two bridges
    "ky_frankfort_sw",  # US: a suburb on slopes
    "neon_osbs_003",  # US: pines
)
SPLIT_TILE, SPLIT_NORTH, SPLIT_SOUTH = "sparse_0382_6565", 700.0, 680.0
GROUND_ONLY_MARGIN = (-0.3, 0.4)
CLASSES = """# value of "classification", class
2 ground
3 vegetation
4 vegetation
5 vegetation
6 building
9 water
17 bridge
14 wire
15 tower
64 other
65 other
67 other
* ignore
"""
GROUND_ONLY_MAP = {"1": "not_ground", "2": "ground", "9": "water", "*": "ignore"}
TYPES = {"double": "<f8", "float": "<f4", "ushort": "<u2", "uchar": "u1", "uint": "<u4", "int": "<i4"}


def read_ply(path: Path) -> tuple[bytes, np.ndarray]:
    """Header and vertices of a binary little-endian PLY file of scalar properties."""
    data = path.read_bytes()
    end = data.index(b"end_header\n") + 11
    words = [line.split() for line in data[:end].decode("ascii", "replace").splitlines()]
    fields = [(line[2], TYPES[line[1]]) for line in words if line[:1] == ["property"]]
    return data[:end], np.frombuffer(data, np.dtype(fields), offset=end).copy()


def write_ply(path: Path, header: bytes, vertices: np.ndarray) -> None:
    lines = header.decode("ascii").splitlines()
    lines = [f"element vertex {len(vertices)}" if line.startswith("element vertex") else line for line in lines]
    path.write_bytes(("\n".join(lines) + "\n").encode() + vertices.tobytes())


def height_above_ground(vertices: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Height of the points `which` above the nearest ground point in plan, by brute force."""
    plan = np.stack([vertices["x"] - vertices["x"].min(), vertices["y"] - vertices["y"].min()], 1)
    ground = np.flatnonzero(vertices["classification"] == 2)
    nearest = np.empty(len(which), np.int64)
    for begin in range(0, len(which), 2000):
        part = plan[which[begin:begin + 2000]]
        nearest[begin:begin + 2000] = ((plan[ground] ** 2).sum(1) - 2 * part @ plan[ground].T).argmin(1)
    return vertices["z"][which] - vertices["z"][ground[nearest]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of aerial_train.tar.xz and aerial_train2.tar.xz")
    parser.add_argument("--work", type=Path, required=True, help="folder to write to")
    options = parser.parse_args()
    tiles = options.work / "tiles"
    tiles.mkdir(parents=True, exist_ok=True)
    for name in ("aerial_train.tar.xz", "aerial_train2.tar.xz"):
        with tarfile.open(options.data / name) as archive:
            archive.extractall(options.work)
    maps = {}
    for name, tile in json.loads((options.work / "MANIFEST.json").read_text()).items():
        if not name.startswith("_"):
            maps[("held_" if name in HELD_OUT else "") + name] = {"map": tile["map"]}
    for path in sorted((options.work / "train").glob("*.ply")):
        header, vertices = read_ply(path)
        name = ("held_" if path.stem in HELD_OUT else "") + path.stem
        if "_ground" in path.stem:
            unlabelled = np.flatnonzero(vertices["classification"] == 1)
            height = height_above_ground(vertices, unlabelled)
            doubtful = (height > GROUND_ONLY_MARGIN[0]) & (height < GROUND_ONLY_MARGIN[1])
            vertices["classification"][unlabelled[doubtful]] = 0
            maps[name] = {"map": GROUND_ONLY_MAP}
        if path.stem == SPLIT_TILE:
            north = vertices["y"] - vertices["y"].min()
            write_ply(tiles / f"held_{name}_north.ply", header, vertices[north > SPLIT_NORTH])
            vertices = vertices[north < SPLIT_SOUTH]
        write_ply(tiles / f"{name}.ply", header, vertices)
    (options.work / "maps.json").write_text(json.dumps(maps, indent=1))
    (options.work / "classes.txt").write_text(CLASSES)


if __name__ == "__main__":
    main()
