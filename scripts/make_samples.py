#!/usr/bin/env python3
"""Makes samples/clouds: clouds of ModelNet40's validation part in many encodings, and clouds generated here.

Needs nothing but Python. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import math
import random
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator

Point = tuple[float, float, float]

STRUCT_CODES = {"float": "f", "double": "d", "uchar": "B"}
PCD_TYPES = {"float": ("4", "F"), "double": ("8", "F"), "uchar": ("1", "U")}


@dataclass
class Cloud:
    """Columns of equal length: (name, PLY type, values)."""

    columns: list[tuple[str, str, list]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @staticmethod
    def of(points: list[Point], scalar: str = "float") -> "Cloud":
        return Cloud([(axis, scalar, [p[i] for p in points]) for i, axis in enumerate("xyz")])

    def __len__(self) -> int:
        return len(self.columns[0][2])


# --- Files ---------------------------------------------------------------------------------------


def read_ply(path: Path) -> list[Point]:
    """The points of a binary little-endian PLY file of three floats a vertex."""
    header, _, body = path.read_bytes().partition(b"end_header\n")
    count = next(int(line.split()[2]) for line in header.splitlines() if line.startswith(b"element vertex"))
    return [struct.unpack_from("<3f", body, 12 * i) for i in range(count)]


def ascii_rows(cloud: Cloud) -> bytes:
    text = [[f"{v:.9g}" if scalar == "float" else repr(v) for v in values] for _, scalar, values in cloud.columns]
    return "".join(" ".join(row) + "\n" for row in zip(*text)).encode()


def binary_rows(cloud: Cloud, order: str) -> bytes:
    row = struct.Struct(order + "".join(STRUCT_CODES[scalar] for _, scalar, _ in cloud.columns))
    return b"".join(row.pack(*values) for values in zip(*(values for _, _, values in cloud.columns)))


def write_ply(path: Path, cloud: Cloud, encoding: str) -> None:
    header = ["ply", f"format {encoding} 1.0"] + [f"comment {line}" for line in cloud.comments]
    header += [f"element vertex {len(cloud)}"]
    header += [f"property {scalar} {name}" for name, scalar, _ in cloud.columns] + ["end_header", ""]
    body = ascii_rows(cloud) if encoding == "ascii" else binary_rows(cloud, ">" if "big" in encoding else "<")
    path.write_bytes("\n".join(header).encode() + body)


def lzf_compress(data: bytes) -> bytes:
    """The LZF stream of `data` (M. Lehmann's format): literal runs of up to 32 bytes and back references."""
    out = bytearray()
    last_seen: dict[bytes, int] = {}
    literal_start = position = 0

    def flush(end: int) -> None:
        for start in range(literal_start, end, 32):
            run = data[start : min(start + 32, end)]
            out.append(len(run) - 1)
            out.extend(run)

    while position + 2 < len(data):
        key = data[position : position + 3]
        match = last_seen.get(key, -1)
        last_seen[key] = position
        offset = position - match - 1
        if match < 0 or offset >= 8192:
            position += 1
            continue
        length = 3
        while length < 264 and position + length < len(data) and data[match + length] == data[position + length]:
            length += 1
        flush(position)
        code = length - 2
        out.append((min(code, 7) << 5) | (offset >> 8))
        if code >= 7:
            out.append(code - 7)
        out.append(offset & 255)
        position += length
        literal_start = position
    flush(len(data))
    return bytes(out)


def write_pcd(path: Path, cloud: Cloud, encoding: str) -> None:
    sizes, types = zip(*(PCD_TYPES[scalar] for _, scalar, _ in cloud.columns))
    header = [f"# {line}" for line in cloud.comments] + [
        "# .PCD v0.7 - Point Cloud Data file format",
        "VERSION 0.7",
        "FIELDS " + " ".join(name for name, _, _ in cloud.columns),
        "SIZE " + " ".join(sizes),
        "TYPE " + " ".join(types),
        "COUNT" + " 1" * len(cloud.columns),
        f"WIDTH {len(cloud)}",
        "HEIGHT 1",
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {len(cloud)}",
        f"DATA {encoding}",
        "",
    ]
    if encoding == "ascii":
        body = ascii_rows(cloud)
    elif encoding == "binary":
        body = binary_rows(cloud, "<")
    else:
        columns = b"".join(binary_rows(Cloud([column]), "<") for column in cloud.columns)
        packed = lzf_compress(columns)
        body = struct.pack("<2I", len(packed), len(columns)) + packed
    path.write_bytes("\n".join(header).encode() + body)


def write(path: Path, cloud: Cloud, encoding: str) -> None:
    (write_ply if path.suffix == ".ply" else write_pcd)(path, cloud, encoding)


# --- Changes to a cloud --------------------------------------------------------------------------


def plain(points: list[Point]) -> Cloud:
    return Cloud.of(points)


def millimetres_far_away(points: list[Point]) -> Cloud:
    """0.45 m in radius, in millimetres of a national grid: without float64 the shape would be lost."""
    origin = (652_381_000.0, 6_862_047_000.0, 35_200.0)
    moved = [tuple(round(o + 450.0 * v, 3) for o, v in zip(origin, p)) for p in points]
    cloud = Cloud.of(moved, "double")
    cloud.comments.append("unit millimetre, Lambert-93")
    return cloud


def coloured(points: list[Point]) -> Cloud:
    """From blue at the bottom to orange at the top."""
    low, high = min(p[2] for p in points), max(p[2] for p in points)
    heights = [(p[2] - low) / (high - low) for p in points]
    ends = {"red": (40, 250), "green": (90, 150), "blue": (200, 30)}
    cloud = Cloud.of(points)
    for name, (bottom, top) in ends.items():
        cloud.columns.append((name, "uchar", [round(bottom + h * (top - bottom)) for h in heights]))
    return cloud


def with_intensity(points: list[Point]) -> Cloud:
    cloud = Cloud.of(points)
    cloud.columns.append(("intensity", "float", [0.5 + 0.5 * p[0] for p in points]))
    return cloud


# --- Generated surfaces ---------------------------------------------------------------------------


@dataclass
class Patch:
    """A piece of surface: its area and a map from the unit square, uniform in area."""

    area: float
    at: Callable[[float, float], Point]


def box(centre: Point, size: Point) -> Iterator[Patch]:
    """The six faces of a box."""
    for axis in range(3):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        for side in (-0.5, 0.5):

            def at(u: float, v: float, axis=axis, a=a, b=b, side=side) -> Point:
                p = list(centre)
                p[axis] += side * size[axis]
                p[a] += (u - 0.5) * size[a]
                p[b] += (v - 0.5) * size[b]
                return tuple(p)

            yield Patch(size[a] * size[b], at)


def revolution(profile: list[tuple[float, float]], x: float = 0.0, y: float = 0.0) -> Iterator[Patch]:
    """The surface that a line of (radius, height) draws around the vertical through (x, y)."""
    for (r0, z0), (r1, z1) in zip(profile, profile[1:]):

        def at(u: float, v: float, r0=r0, z0=z0, r1=r1, z1=z1) -> Point:
            # Rings of radius r hold points in proportion to r.
            r = math.sqrt(r0 * r0 + v * (r1 * r1 - r0 * r0))
            t = (r - r0) / (r1 - r0) if r1 != r0 else v
            angle = 2.0 * math.pi * u
            return (x + r * math.cos(angle), y + r * math.sin(angle), z0 + t * (z1 - z0))

        yield Patch(math.pi * (r0 + r1) * math.hypot(r1 - r0, z1 - z0), at)


def sample(patches: list[Patch], count: int, seed: str) -> list[Point]:
    """`count` points, uniform in area."""
    chance = random.Random(seed)
    chosen = chance.choices(patches, [patch.area for patch in patches], k=count)
    return [patch.at(chance.random(), chance.random()) for patch in chosen]


def table() -> list[Patch]:
    legs = [box((x, y, 0.35), (0.06, 0.06, 0.70)) for x in (-0.72, 0.72) for y in (-0.37, 0.37)]
    return [patch for part in [box((0, 0, 0.72), (1.6, 0.9, 0.04)), *legs] for patch in part]


def bottle() -> list[Patch]:
    return list(revolution([(0, 0), (0.038, 0), (0.038, 0.19), (0.030, 0.215), (0.014, 0.24), (0.014, 0.30), (0, 0.30)]))


def cone() -> list[Patch]:
    return [*box((0, 0, 0.01), (0.36, 0.36, 0.02)), *revolution([(0.14, 0.02), (0.025, 0.50), (0, 0.50)])]


def bookshelf() -> list[Patch]:
    boards = [box((0, 0, 0.02 + 0.36 * i), (0.80, 0.28, 0.02)) for i in range(6)]
    sides = [box((x, 0, 0.92), (0.02, 0.28, 1.84)) for x in (-0.41, 0.41)]
    return [patch for part in [*boards, *sides, box((0, 0.135, 0.92), (0.80, 0.01, 1.84))] for patch in part]


# --- The samples ----------------------------------------------------------------------------------

# name, class, encoding, change
VALIDATION = [
    ("airplane.ply", "airplane", "ascii", plain),
    ("bathtub.pcd", "bathtub", "ascii", plain),
    ("bed.pcd", "bed", "binary", with_intensity),
    ("car.ply", "car", "binary_big_endian", plain),
    ("chair_coloured.ply", "chair", "binary_little_endian", coloured),
    ("guitar.pcd", "guitar", "binary_compressed", plain),
    ("lamp.ply", "lamp", "binary_little_endian", plain),
    ("laptop.ply", "laptop", "binary_little_endian", plain),
    ("monitor_millimetres.ply", "monitor", "binary_little_endian", millimetres_far_away),
    ("person.pcd", "person", "binary", plain),
    ("piano.ply", "piano", "ascii", plain),
    ("toilet.pcd", "toilet", "binary_compressed", coloured),
]

# name, surface, points, encoding
GENERATED = [
    ("bookshelf_generated.ply", bookshelf, 5000, "binary_little_endian"),
    ("bottle_generated.pcd", bottle, 3000, "binary_compressed"),
    ("cone_generated.ply", cone, 500, "ascii"),
    ("table_generated_200k.ply", table, 200_000, "binary_little_endian"),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("validation", type=Path, help="folder <class>/<class>_<index>.ply of validation clouds")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent.parent / "samples" / "clouds")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name, label, encoding, change in VALIDATION:
        # The first of its class: nobody picked the clouds that a model likes.
        source = sorted((options.validation / label).glob("*.ply"))[0]
        cloud = change(read_ply(source))
        cloud.comments.append(f"ModelNet40 {source.stem}, see samples/README.md")
        write(options.output / name, cloud, encoding)
    for name, surface, count, encoding in GENERATED:
        cloud = Cloud.of(sample(surface(), count, name))
        cloud.comments.append("generated by scripts/make_samples.py")
        write(options.output / name, cloud, encoding)


if __name__ == "__main__":
    main()
