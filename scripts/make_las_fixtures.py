#!/usr/bin/env python3
"""Make the LAS and LAZ files of tests/data/las with laspy and lazrs.

    python3 -m venv venv && venv/bin/pip install 'laspy[lazrs]'
    venv/bin/python scripts/make_las_fixtures.py tests/data/las

For every point format there is a pair of a LAS and a LAZ file with the same points, once plain and once with extra
bytes of every type. The points follow a made-up scan: regular steps with noise, jumps, several returns and scanner
channels, so that every branch of the compression is taken. The same seed gives the same points.
"""

import sys
from datetime import date
from pathlib import Path

import laspy
import numpy as np

POINTS = 300
EXTRA_TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]


def scan(rng, count):
    """Coordinates and attributes of a zigzag with jumps."""
    pulse = np.cumsum(rng.random(count) < 0.6)
    step = np.where(rng.random(count) < 0.02, rng.integers(-200_000, 200_000, count), rng.integers(-40, 60, count))
    returns = rng.integers(1, 6, count)
    return {
        "X": np.cumsum(step).astype(np.int32),
        "Y": (pulse * 37 + rng.integers(-9, 9, count)).astype(np.int32),
        "Z": (np.sin(pulse / 40) * 5000 + rng.integers(-300, 300, count)).astype(np.int32),
        "intensity": rng.integers(0, 65536, count).astype(np.uint16) * (pulse % 3 != 0),
        "number_of_returns": returns,
        "return_number": rng.integers(1, returns + 1),
        "time": 3.1e5 + pulse * 2.5e-6 + np.where(rng.random(count) < 0.05, rng.random(count) * 10, 0.0),
    }


def flags(rng, count, extended):
    names = ["synthetic", "key_point", "withheld", "scan_direction_flag", "edge_of_flight_line"]
    values = {name: (rng.random(count) < 0.1).astype(np.uint8) for name in names}
    if extended:
        values["overlap"] = (rng.random(count) < 0.2).astype(np.uint8)
        values["scanner_channel"] = np.repeat(rng.integers(0, 4, count // 10), 10)
        values["scan_angle"] = rng.integers(-30_000, 30_000, count).astype(np.int16)
        values["classification"] = rng.integers(0, 256, count)
    else:
        values["scan_angle_rank"] = rng.integers(-90, 91, count).astype(np.int8)
        values["classification"] = rng.integers(0, 32, count)
    values["user_data"] = rng.integers(0, 256, count)
    values["point_source_id"] = np.repeat(rng.integers(0, 65536, count // 50), 50)
    return values


def waveform(rng, count):
    size = rng.integers(60, 64, count).astype(np.uint32)
    jump = np.where(rng.random(count) < 0.1, rng.integers(0, 2**40, count), 0)
    return {
        "wavepacket_index": rng.integers(0, 5, count).astype(np.uint8),
        "wavepacket_offset": (60 + np.cumsum(size) + jump).astype(np.uint64),
        "wavepacket_size": size,
        "return_point_wave_location": rng.normal(500, 20, count).astype(np.float32),
        "x_t": rng.normal(0, 1e-4, count).astype(np.float32),
        "y_t": rng.normal(0, 1e-4, count).astype(np.float32),
        "z_t": rng.normal(-1e-4, 1e-6, count).astype(np.float32),
    }


def extra_bytes(las, rng, count):
    for code in EXTRA_TYPES:
        las.add_extra_dim(laspy.ExtraBytesParams(name=f"extra {code}", type=code, description=f"values of {code}"))
        values = rng.integers(0, 100, count) if code[0] != "f" else rng.normal(0, 1, count)
        las[f"extra {code}"] = values.astype(code)
    las.add_extra_dim(laspy.ExtraBytesParams(name="height", type="i4", scales=[0.01], offsets=[100.0],
                                             description="height above ground"))
    las["height"] = 100 + rng.integers(-5000, 5000, count) * 0.01
    las.add_extra_dim(laspy.ExtraBytesParams(name="normal", type="3f4", description="unit vector"))
    las["normal"] = rng.normal(0, 1, (count, 3)).astype("f4")


def make(number, with_extra, folder):
    rng = np.random.default_rng(number * 2 + with_extra)
    version = "1.4" if number >= 6 or with_extra else "1.3" if number >= 4 else "1.2"
    header = laspy.LasHeader(point_format=number, version=version)
    header.creation_date = date(2026, 1, 1)  # the same files on any day
    header.scales, header.offsets = [0.01, 0.01, 0.001], [650_000.0, 6_860_000.0, 0.0]
    header.vlrs.append(laspy.vlrs.VLR("ptattn", 17, "made by a test", b"a record of its own\x00\xff"))
    las = laspy.LasData(header)
    values = scan(rng, POINTS)
    time = values.pop("time")
    values.update(flags(rng, POINTS, number >= 6))
    dimensions = set(las.point_format.dimension_names)
    if "gps_time" in dimensions:
        values["gps_time"] = time
    for name in sorted({"red", "green", "blue", "nir"} & dimensions):
        level = rng.integers(0, 256, POINTS)
        values[name] = (level * 256 + rng.integers(0, 256, POINTS) * (number % 2)).astype(np.uint16)
    if "wavepacket_index" in dimensions:
        values.update(waveform(rng, POINTS))
        if "scanner_channel" in values:  # lazrs 0.8 does not read back its own packets of several channels
            values["scanner_channel"][:] = 2
    las.points = laspy.ScaleAwarePointRecord.zeros(POINTS, header=header)
    for name, value in sorted(values.items()):
        las[name] = value
    if with_extra:
        extra_bytes(las, rng, POINTS)
    name = f"format{number}" + ("_extra" if with_extra else "")
    las.write(folder / f"{name}.las")
    las.write(folder / f"{name}.laz", laz_backend=laspy.LazBackend.Lazrs)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(11):
        for with_extra in (False, True):
            make(number, with_extra, folder)


if __name__ == "__main__":
    main()
