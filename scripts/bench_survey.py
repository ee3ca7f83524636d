#!/usr/bin/env python3
"""Peak memory, time and scratch of ptattn-segment on surveys larger than memory, as a table (CSV) and a picture (SVG).

    scripts/bench_survey.py --programs build/default/bin --work /fast/disk --millions 20,100 --memory 2G
    ... --whole 20           # these sizes in memory, too, and how many labels are the same
    ... --kill 100           # kills a run of this size in its middle and measures what --resume takes
    ... --steps 400          # of this size the plan and a few of the tiles alone
    scripts/bench_survey.py  # only draws the table

A survey is a real tile, copied side by side into a square, as one LAZ file: real points, and so many of them to a voxel as the tile has,
but the same few streets again and again. Output is LAZ. Rows of the table that are measured again are replaced. Files lie in --work
and are removed. Needs laspy and lazrs, and room for the survey, its scratch folder and the output: some 30 bytes a point.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import laspy
import numpy as np
import plot_scaling
from plot_scaling import Panel, machine, powers, read_table

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = ("way", "points", "seconds", "cpu_seconds", "megabytes", "scratch_megabytes", "same_labels")
COLOURS = {"out of core": "#009e73", "in memory": "#d55e00"}


def tile_of(programs: Path, tile: Path, work: Path) -> laspy.LasData:
    """The standard fields of a tile of any format."""
    path = work / "tile.las"
    subprocess.run([programs / "ptattn-segment", tile, "-o", path, "-q"], check=True, stdout=subprocess.DEVNULL)
    source = laspy.read(path)
    path.unlink()
    header = laspy.LasHeader(version=source.header.version, point_format=source.header.point_format.id)
    header.scales, header.offsets = source.header.scales, source.header.offsets
    las = laspy.LasData(header)
    for name in las.point_format.dimension_names:
        las[name] = source[name]
    return las


def write_survey(path: Path, tile: laspy.LasData, points: int) -> None:
    """`points` points in copies of the tile, column after column of a square."""
    copies = -(-points // len(tile.points))
    across = int(np.ceil(np.sqrt(copies)))
    x, y = np.array(tile.X), np.array(tile.Y)
    width, height = int(x.max() - x.min()) + 1, int(y.max() - y.min()) + 1
    with laspy.open(path, mode="w", header=tile.header, laz_backend=laspy.LazBackend.LazrsParallel) as writer:
        for copy in range(copies):
            moved = tile.points[: points - copy * len(tile.points)].copy()
            column, row = divmod(copy, across)
            moved["X"], moved["Y"] = x[: len(moved)] + column * width, y[: len(moved)] + row * height
            writer.write_points(moved)


def bytes_in(folder: Path) -> int:
    try:
        return sum(entry.stat().st_size for entry in os.scandir(folder))
    except FileNotFoundError:
        return 0


class Run:
    """A run of ptattn-segment, and what its scratch folder held at most."""

    def __init__(self, command: list[str], scratch: Path):
        self.scratch, self.peak, self.start = scratch, 0, time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.watch = threading.Thread(target=self.look, daemon=True)
        self.watch.start()

    def look(self) -> None:
        while self.process.returncode is None:
            self.peak = max(self.peak, bytes_in(self.scratch))
            time.sleep(0.5)

    def wait(self) -> dict[str, str]:
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - self.start
        self.watch.join()
        return {"seconds": f"{seconds:.1f}", "cpu_seconds": f"{usage.ru_utime + usage.ru_stime:.1f}",
                "megabytes": f"{usage.ru_maxrss / 1024:.0f}", "scratch_megabytes": f"{self.peak / 2**20:.0f}"}


def same_labels(a: Path, b: Path) -> float:
    """Share of points with the same classification."""
    same = count = 0
    with laspy.open(a) as one, laspy.open(b) as other:
        for x, y in zip(one.chunk_iterator(1_000_000), other.chunk_iterator(1_000_000)):
            same += int(np.sum(np.asarray(x.classification) == np.asarray(y.classification)))
            count += len(x)
    return same / count


def measure(options: argparse.Namespace, tile: laspy.LasData, millions: int) -> list[dict[str, str]]:
    points = millions * 1_000_000
    survey, output, whole = (options.work / name for name in ("survey.laz", "labelled.laz", "whole.laz"))
    write_survey(survey, tile, points)
    pieces, rows = ["--memory", options.memory, "--out-of-core"], []
    scratch = output.with_name(output.name + ".scratch")

    def command(*more: str, to: Path = output) -> list[str]:
        return [str(options.programs / "ptattn-segment"), str(survey), "-o", str(to), "-q", *more]

    def add(way: str, found: dict[str, str]) -> None:
        rows.append({"way": way, "points": str(points), "same_labels": "", **found})
        print(rows[-1], flush=True)

    if millions in options.steps:
        add("plan", Run(command(*pieces[:2], "--plan"), scratch).wait())
        tiles = len(json.loads((scratch / "plan.json").read_text())["tiles"])
        for tile in sorted({1 + k * (tiles - 1) // max(1, options.tiles - 1) for k in range(options.tiles)}):
            add(f"tile {tile} of {tiles}", Run(command(*pieces[:2], "--tile", str(tile)), scratch).wait())
        shutil.rmtree(scratch)
        survey.unlink()
        return rows
    if millions in options.kill:
        run = Run(command(*pieces), scratch)
        while len(list(scratch.glob("labels-*"))) < options.kill_after:
            time.sleep(0.5)
        run.process.send_signal(signal.SIGKILL)
        add("killed", run.wait())
        add("resumed", Run(command(*pieces, "--resume"), scratch).wait())
    add("out of core", Run(command(*pieces), scratch).wait())
    if millions in options.whole:
        add("in memory", Run(command("--memory", "64G", to=whole), scratch).wait())
        rows[-2]["same_labels"] = f"{100 * same_labels(output, whole):.3f}"
        print(rows[-2], flush=True)
        whole.unlink()
    output.unlink()
    survey.unlink()
    return rows


def write_table(path: Path, rows: list[dict[str, str]]) -> None:
    lines = [",".join(COLUMNS)]
    lines += [",".join(row[c] for c in COLUMNS) for row in sorted(rows, key=lambda r: (r["way"], int(r["points"])))]
    path.write_text("\n".join(lines) + "\n")


def draw(rows: list[dict[str, str]], note: str) -> str:
    plot_scaling.COLOURS = COLOURS
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 440" font-family="sans-serif" font-size="13">',
             '<rect width="960" height="440" fill="white"/>']
    shown = [row for row in rows if row["way"] in COLOURS]
    for left, title, key in ((60.0, "seconds", "seconds"), (520.0, "peak memory, MB", "megabytes")):
        panel = Panel(left, title, powers([float(row[key]) for row in shown]),
                      powers([float(row["points"]) for row in shown]))
        for way in COLOURS:
            curve = sorted((float(r["points"]), float(r[key])) for r in shown if r["way"] == way)
            if curve:
                panel.curve(way, curve)
        first = min((float(r["points"]), float(r[key])) for r in shown if r["way"] == "out of core")
        if key == "seconds":
            panel.slope(first)
        parts += panel.parts
    parts.append(f'<text x="60" y="428" fill="#666666" font-size="11">{note}</text></svg>\n')
    return "\n".join(parts)


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, help="folder of the programs; without it the table is only drawn")
    parser.add_argument("--tile", type=Path, default=ROOT / "samples/scenes/aerial_town.ply")
    parser.add_argument("--work", type=Path, default=Path("/tmp/bench_survey"), help="folder for the files")
    parser.add_argument("--millions", type=numbers, default=[20], help="millions of points")
    parser.add_argument("--memory", default="2G")
    parser.add_argument("--whole", type=numbers, default=[], help="sizes that are labelled in memory, too")
    parser.add_argument("--kill", type=numbers, default=[], help="sizes of which a run is killed and resumed")
    parser.add_argument("--kill-after", type=int, default=4, help="tiles")
    parser.add_argument("--steps", type=numbers, default=[], help="sizes of which the plan and some tiles are measured alone")
    parser.add_argument("--tiles", type=int, default=5, help="tiles of these, from the first to the last")
    parser.add_argument("--table", type=Path, default=ROOT / "tests/bench/survey.csv")
    parser.add_argument("--picture", type=Path, default=ROOT / "tests/bench/survey.svg")
    parser.add_argument("--note", help="what stands below the picture [the machine]")
    options = parser.parse_args()
    rows = read_table(options.table)
    if options.programs:
        made = not options.work.exists()
        options.work.mkdir(parents=True, exist_ok=True)
        tile = tile_of(options.programs, options.tile, options.work)
        for millions in options.millions:
            new = measure(options, tile, millions)
            keys = {(row["way"], row["points"]) for row in new}
            rows = [row for row in rows if (row["way"], row["points"]) not in keys] + new
            write_table(options.table, rows)
        if made:
            shutil.rmtree(options.work)
    if any(row["way"] in COLOURS for row in rows):
        options.picture.write_text(draw(rows, options.note or f"{machine()}, --memory {options.memory}"))


if __name__ == "__main__":
    main()
