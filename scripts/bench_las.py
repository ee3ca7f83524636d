#!/usr/bin/env python3
"""LAS and LAZ in ptattn beside lazrs (laspy, one thread and parallel) and LASzip: the same files, in turn.

    python3 -m venv build/las-venv && build/las-venv/bin/pip install laspy lazrs
    build/las-venv/bin/python scripts/bench_las.py --tile samples/scenes/aerial_coast.laz --millions 5,50
    ... --laszip ./laszip_pass          # scripts/peers/laszip_pass.c, where LASzip is installed (Debian 13)
    ... --laszip "chroot ROOT /laszip_pass" --work ROOT/tmp --inside /tmp    # or in a root of its own

The files are made of copies of the tile side by side, with made-up GPS times and colours where the point format has them.
Needs a build with tests (bench_las). Files lie in --work and stay in the page cache between turns. Every engine runs in a
process of its own whose start does not count. ptattn's time includes the fields of the cloud, of which the others make
none, and writing ends with the bytes on the disk; LASzip's writing includes reading the LAS file. The best of --rounds:
seconds, and in brackets those of the processor, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

import laspy
import numpy as np

ROOT = Path(__file__).resolve().parents[1]

LASPY = """
import sys, time, laspy
what, backend, path = sys.argv[1:4]
backend = getattr(laspy.LazBackend, backend)
if what == "read":
    start, cpu = time.perf_counter(), time.process_time()
    with laspy.open(path, laz_backend=backend) as file:
        points = file.read()
else:
    points = laspy.read(path)
    start, cpu = time.perf_counter(), time.process_time()
    points.write(sys.argv[4], laz_backend=backend)
print(time.perf_counter() - start, time.process_time() - cpu)
"""


def make(tile: laspy.LasData, point_format: int, count: int, path: Path) -> None:
    """`count` points in copies of the tile side by side, as LAS and LAZ."""
    header = laspy.LasHeader(version="1.4" if point_format >= 6 else "1.2", point_format=point_format)
    header.scales, header.offsets = tile.header.scales, tile.header.offsets
    las = laspy.LasData(header)
    n = len(tile.points)
    rows, copy = np.arange(count) % n, np.arange(count) // n
    width = int(tile.X.max() - tile.X.min()) + 1
    las.X, las.Y, las.Z = tile.X[rows] + copy * width, tile.Y[rows], tile.Z[rows]
    for name in ("intensity", "return_number", "number_of_returns", "classification", "point_source_id"):
        values = np.asarray(tile[name])[rows]
        if point_format < 6 and "return" in name:
            values = np.minimum(values, 7)
        las[name] = values if point_format >= 6 or name != "classification" else values % 32
    names = set(las.point_format.dimension_names)
    if "gps_time" in names:
        las.gps_time = 2.8e8 + np.arange(count) * 3.1e-6
    if "red" in names:
        for k, name in enumerate(("red", "green", "blue")):
            las[name] = ((las.Z.astype(np.int64) * (3 + k) + rows * 7) % 251 * 257).astype(np.uint16)
    las.write(str(path.with_suffix(".las")))
    las.write(str(path.with_suffix(".laz")), laz_backend=laspy.LazBackend.LazrsParallel)


def seconds(command: list[str]) -> tuple[float, float]:
    """How long a pass took, and how much of the processor's time."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench_las.py: {' '.join(command)}: {done.stderr.strip()}")
    elapsed, processor = done.stdout.split()
    return float(elapsed), float(processor)


def engines(options: argparse.Namespace, name: str, threads: list[int]) -> dict[str, dict[str, list[str]]]:
    """What: engine: command."""
    las, laz, out = (str(options.work / f"{name}{end}") for end in (".las", ".laz", "_out.laz"))
    own = str(options.programs / "bench_las")
    python = [sys.executable, "-c", LASPY]
    reads, writes, plain = {}, {}, {}
    for t in threads:
        reads[f"ptattn {t}"] = [own, "read", laz, str(t)]
        writes[f"ptattn {t}"] = [own, "write", las, out, str(t)]
        plain[f"ptattn {t}"] = [own, "read", las, str(t)]
    reads["lazrs 1"], writes["lazrs 1"] = [*python, "read", "Lazrs", laz], [*python, "write", "Lazrs", las, out]
    reads["lazrs"] = [*python, "read", "LazrsParallel", laz]
    writes["lazrs"] = [*python, "write", "LazrsParallel", las, out]
    plain["laspy"] = [*python, "read", "Lazrs", las]
    if options.laszip:
        command = shlex.split(options.laszip)
        inside = [str(Path(options.inside or options.work) / f"{name}{end}") for end in (".las", ".laz", "_out.laz")]
        reads["LASzip"] = [*command, "read", inside[1]]
        writes["LASzip"] = [*command, "write", inside[0], inside[2]]
    return {"read LAZ": reads, "write LAZ": writes, "read LAS": plain}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tile", type=Path, required=True, help="a LAS or LAZ file to make copies of")
    parser.add_argument("--millions", default="5", help="points, with commas between [5]")
    parser.add_argument("--formats", default="1,6,7", help="point formats [1,6,7]")
    parser.add_argument("--threads", default="1,2", help="of ptattn [1,2]")
    parser.add_argument("--rounds", type=int, default=3, help="turns of every engine [3]")
    parser.add_argument("--programs", type=Path, default=ROOT / "build/default/bin")
    parser.add_argument("--work", type=Path, default=Path("/tmp"), help="folder for the files [/tmp]")
    parser.add_argument("--laszip", default="", help="command of laszip_pass")
    parser.add_argument("--inside", default="", help="--work as that command sees it")
    options = parser.parse_args()
    tile = laspy.read(options.tile)
    threads = [int(t) for t in options.threads.split(",")]
    print("| points | format | | " + "engine: seconds (of the processor), best of " + str(options.rounds) + " |\n|---|---|---|---|")
    for millions in options.millions.split(","):
        for point_format in (int(f) for f in options.formats.split(",")):
            name = f"bench_las_{millions}_{point_format}"
            make(tile, point_format, int(float(millions) * 1e6), options.work / name)
            size = (options.work / f"{name}.las").stat().st_size
            for what, commands in engines(options, name, threads).items():
                turns: dict[str, list[tuple[float, float]]] = {engine: [] for engine in commands}
                for _ in range(options.rounds):
                    for engine, command in commands.items():
                        turns[engine].append(seconds(command))
                best = {engine: [min(column) for column in zip(*found)] for engine, found in turns.items()}
                cells = ", ".join(f"{engine}: {b[0]:.2f} ({b[1]:.2f})" for engine, b in best.items())
                rate = f"; {size / best['ptattn 1'][0] * 1e-9:.2f} GB/s" if what == "read LAS" else ""
                print(f"| {millions} M | {point_format} | {what} | {cells}{rate} |", flush=True)
            for file in options.work.glob(f"{name}*"):
                file.unlink()


if __name__ == "__main__":
    main()
