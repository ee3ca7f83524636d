#!/usr/bin/env python3
"""Draws coloured point clouds as a PNG picture, several side by side.

    scripts/render_cloud.py seen_1.ply seen_2.ply -o picture.png --azimuth 30 --elevation 20

Reads what the tools write (binary little-endian PLY with red, green, blue; other per-point fields are skipped). Points
are discs in an orthographic view, nearer ones in front and brighter. Needs NumPy.
"""

from __future__ import annotations

import argparse
import struct
import zlib
from pathlib import Path

import numpy as np

TYPES = {"char": "i1", "uchar": "u1", "short": "<i2", "ushort": "<u2", "int": "<i4", "uint": "<u4",
         "float": "<f4", "double": "<f8", "int8": "i1", "uint8": "u1", "int16": "<i2", "uint16": "<u2",
         "int32": "<i4", "uint32": "<u4", "float32": "<f4", "float64": "<f8"}


def read_ply(path: Path) -> np.ndarray:
    """The vertices as a structured array."""
    with path.open("rb") as file:
        fields, count, inside = [], 0, False
        while (line := file.readline().decode().split()) != ["end_header"]:
            if not line:
                raise SystemExit(f"{path}: not a PLY file")
            if line[0] == "format" and line[1] != "binary_little_endian":
                raise SystemExit(f"{path}: is {line[1]}, expected binary_little_endian")
            if line[0] == "element":
                inside = line[1] == "vertex"
                count = int(line[2]) if inside else count
            if line[0] == "property" and inside:
                fields.append((line[2], TYPES[line[1]]))
        return np.fromfile(file, np.dtype(fields), count)


def view(points: np.ndarray, azimuth: float, elevation: float) -> np.ndarray:
    """[n, 3]: right, up, towards the eye; z is up, azimuth 0 looks along +y."""
    a, e = np.radians([azimuth, elevation])
    right = [np.cos(a), np.sin(a), 0.0]
    eye = [np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)]
    return points @ np.stack([right, np.cross(eye, right), eye]).T


def draw(cloud: np.ndarray, side: int, radius: float, azimuth: float, elevation: float) -> np.ndarray:
    """A picture on white as large as the cloud needs, its longer side `side` pixels."""
    points = np.stack([cloud[axis].astype(float) for axis in "xyz"], 1)
    colors = np.stack([cloud[channel] for channel in ("red", "green", "blue")], 1).astype(float)
    finite = np.isfinite(points).all(1)
    seen = view(points[finite] - points[finite].mean(0), azimuth, elevation)
    low, high = seen.min(0), seen.max(0)
    scale = (side - 4 * radius) / max((high - low)[:2].max(), 1e-9)
    width, height = (int(extent * scale + 4 * radius) for extent in (high - low)[:2])
    place = (seen[:, :2] - [low[0], high[1]]) * [scale, -scale] + 2 * radius
    depth = (seen[:, 2] - seen[:, 2].min()) / max(np.ptp(seen[:, 2]), 1e-9)
    shaded = colors[finite] * (0.75 + 0.25 * depth)[:, None]
    picture = np.full((height, width, 3), 255.0)
    rows, columns = np.mgrid[:height, :width] + 0.5
    for i in np.argsort(seen[:, 2], kind="stable"):
        x, y = place[i]
        box = np.s_[max(int(y - radius - 1), 0):int(y + radius + 2), max(int(x - radius - 1), 0):int(x + radius + 2)]
        # A soft edge of one pixel, and a thin dark rim that separates a disc from those behind.
        distance = np.hypot(columns[box] - x, rows[box] - y)
        cover = np.clip(radius + 0.5 - distance, 0, 1)[..., None]
        rim = np.clip(distance - (radius - 1.0), 0, 1)[..., None]
        picture[box] += cover * (shaded[i] * (1 - 0.35 * rim) - picture[box])
    # 32 levels a channel: nobody sees the difference, and the file has half the size.
    return np.rint(np.rint(picture * 31 / 255) * 255 / 31).astype(np.uint8)


def png(picture: np.ndarray) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width, _ = picture.shape
    rows = b"".join(b"\0" + row.tobytes() for row in picture)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clouds", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--side", type=int, default=360, help="pixels of the longer side of each view [360]")
    parser.add_argument("--radius", type=float, default=5.0, help="pixels of a point [5]")
    parser.add_argument("--azimuth", type=float, default=30.0, help="degrees the eye goes around the vertical [30]")
    parser.add_argument("--elevation", type=float, default=25.0, help="degrees the eye is above the horizon [25]")
    parser.add_argument("--gap", type=int, default=20, help="white pixels beside each view [20]")
    options = parser.parse_args()
    views = [draw(read_ply(path), options.side, options.radius, options.azimuth, options.elevation)
             for path in options.clouds]
    height = max(len(picture) for picture in views)
    padded = [np.pad(picture, ((0, height - len(picture)), (options.gap, options.gap), (0, 0)), constant_values=255)
              for picture in views]
    options.output.write_bytes(png(np.concatenate(padded, axis=1)))


if __name__ == "__main__":
    main()
