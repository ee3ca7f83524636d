#!/usr/bin/env python3
"""Time and memory of ptattn against the number of points, as a table (CSV) and a picture (SVG).

    scripts/plot_scaling.py --programs build/default/bin

Makes one scene after the other, 1000 to 10 million points (hills, houses and trees at four points a square metre;
the same bytes every time), and runs ptattn-classify, ptattn-features and ptattn-segment on each. Time is CPU time
of the whole process, all threads, reading and writing included, since it does not depend on what else runs; memory is the peak of its resident set. What the table holds already is
not measured again, so that a long measurement can be done in pieces (--seconds). Needs numpy.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

POINTS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
TOOLS = {"classify": ["--format", "jsonl"], "features": ["--neighbors", "32"], "segment": []}
COLOURS = {"classify": "#0072b2", "features": "#d55e00", "segment": "#009e73"}
COLUMNS = ("tool", "points", "seconds", "megabytes")
DENSITY = 4.0  # points a square metre


# --- Measuring -----------------------------------------------------------------------------------


def scene(n: int) -> np.ndarray:
    """[n, 3] metres: half of the points on the ground, a quarter on houses, a quarter in trees; a square at DENSITY."""
    random = np.random.RandomState(7)
    side = np.sqrt(n / DENSITY)
    xyz = np.empty((n, 3))
    xyz[:, :2] = random.uniform(0.0, side, (n, 2))
    x, y = xyz[:, 0], xyz[:, 1]
    ground = 3.0 * np.sin(x / 90.0) * np.cos(y / 70.0) + 0.02 * random.standard_normal(n)
    block = (np.floor(x / 25.0) + np.floor(y / 25.0)) % 2  # houses and gardens like a chessboard
    inside = (np.abs(x % 25.0 - 12.5) < 7.0) & (np.abs(y % 25.0 - 12.5) < 5.0)
    roof = 5.0 + 0.6 * (5.0 - np.abs(y % 25.0 - 12.5))
    crown = random.uniform(1.0, 8.0, n) * (random.uniform(0.0, 1.0, n) < 0.5)
    above = np.where(block == 0, np.where(inside, roof, 0.0), np.where(inside, crown, 0.0))
    xyz[:, 2] = ground + above
    return xyz


def write_ply(path: Path, xyz: np.ndarray) -> None:
    header = ("ply\nformat binary_little_endian 1.0\n"
              f"element vertex {len(xyz)}\nproperty float x\nproperty float y\nproperty float z\nend_header\n")
    path.write_bytes(header.encode() + xyz.astype("<f4").tobytes())


def measure(programs: Path, tool: str, cloud: Path) -> tuple[float, float]:
    """CPU seconds and peak megabytes of one run; the best of three where that is quick."""
    output = cloud.with_name("out.jsonl" if tool == "classify" else "out.ply")
    command = [str(programs / f"ptattn-{tool}"), str(cloud), *TOOLS[tool]]
    command += ["--output", str(output)]
    best = (float("inf"), float("inf"))
    spent = 0.0
    for _ in range(3):
        output.unlink(missing_ok=True)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = usage.ru_utime + usage.ru_stime
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
        best = min(best, (seconds, usage.ru_maxrss / 1024.0))
        spent += seconds
        if spent > 3.0:
            break
    output.unlink(missing_ok=True)
    return best


def read_table(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_table(path: Path, rows: list[dict[str, str]]) -> None:
    order = {name: i for i, name in enumerate(TOOLS)}
    rows = sorted(rows, key=lambda row: (order[row["tool"]], int(row["points"])))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def fill_table(programs: Path, table: Path, tools: list[str], limit: float) -> None:
    rows = read_table(table)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        cloud = Path(folder) / "scene.ply"
        for n in POINTS:
            missing = [tool for tool in tools if not any((r["tool"], r["points"]) == (tool, str(n)) for r in rows)]
            if missing:
                write_ply(cloud, scene(n))
            for tool in missing:
                if time.monotonic() - start > limit:
                    return
                seconds, megabytes = measure(programs, tool, cloud)
                print(f"{tool:9} {n:9} points {seconds:8.3f} s {megabytes:8.0f} MB", flush=True)
                rows.append(dict(zip(COLUMNS, (tool, str(n), f"{seconds:.3f}", f"{megabytes:.0f}"))))
                write_table(table, rows)


# --- Drawing -------------------------------------------------------------------------------------


def number(value: float) -> str:
    """1000 -> 1k, 0.01 -> 0.01"""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


class Panel:
    """A plot with logarithmic axes: `x` and `y` are (first, last) powers of ten."""

    def __init__(self, left: float, title: str, y: tuple[int, int], x: tuple[int, int] = (3, 7)):
        self.left, self.top, self.width, self.height = left, 64.0, 330.0, 300.0
        self.x, self.y = x, y
        self.parts: list[str] = []
        self.text(left, self.top - 14, title, weight="bold")
        for power in range(self.x[0], self.x[1] + 1):
            across = self.place(10.0**power, 1.0)[0]
            self.line(across, self.top, across, self.top + self.height, "#dddddd")
            self.text(across, self.top + self.height + 18, number(10.0**power), anchor="middle")
        for power in range(y[0], y[1] + 1):
            up = self.place(10.0**self.x[0], 10.0**power)[1]
            self.line(left, up, left + self.width, up, "#dddddd")
            self.text(left - 8, up + 4, number(10.0**power), anchor="end")
        self.text(left + self.width / 2, self.top + self.height + 38, "points", anchor="middle")

    def place(self, x: float, y: float) -> tuple[float, float]:
        share = [(np.log10(v) - low) / (high - low) for v, (low, high) in ((x, self.x), (y, self.y))]
        return self.left + share[0] * self.width, self.top + (1.0 - share[1]) * self.height

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str) -> None:
        self.parts.append(f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}"/>')

    def text(self, x: float, y: float, text: str, anchor: str = "start", colour: str = "#222222",
             weight: str = "normal") -> None:
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
                          f'font-weight="{weight}">{text}</text>')

    def curve(self, name: str, points: list[tuple[float, float]]) -> None:
        places = [self.place(*point) for point in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        colour = COLOURS[name]
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        self.parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        self.text(places[-1][0] + 8, places[-1][1] + 4, name, colour=colour)

    def slope(self, start: tuple[float, float]) -> None:
        """What grows like the number of points, for comparison."""
        end = (10.0**self.x[1], start[1] * 10.0**self.x[1] / start[0])
        (x0, y0), (x1, y1) = self.place(*start), self.place(*end)
        self.parts.append(f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="#999999" '
                          'stroke-dasharray="4 4"/>')


def powers(values: list[float]) -> tuple[int, int]:
    return int(np.floor(np.log10(min(values)))), int(np.ceil(np.log10(max(values))))


def draw(rows: list[dict[str, str]], note: str) -> str:
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 440" font-family="sans-serif" font-size="13">',
             '<rect width="900" height="440" fill="white"/>']
    for left, title, key in ((60.0, "CPU seconds", "seconds"), (500.0, "peak memory, MB", "megabytes")):
        panel = Panel(left, title, powers([float(row[key]) for row in rows]))
        last = max(float(row[key]) for row in rows)
        panel.slope((10.0 ** (panel.x[1]) * 10.0**panel.y[0] / last, 10.0**panel.y[0]) if key == "seconds" else
                    (1e5, last / 100.0))
        for tool in TOOLS:
            curve = [(float(r["points"]), float(r[key])) for r in rows if r["tool"] == tool]
            if curve:
                panel.curve(tool, curve)
        parts += panel.parts
    parts.append(f'<text x="60" y="428" fill="#666666" font-size="11">{note}</text></svg>\n')
    return "\n".join(parts)


def machine() -> str:
    name = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
            break
    return f"{name}, {os.cpu_count()} cores"


def main() -> None:
    root = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, help="folder of the programs; without it the table is only drawn")
    parser.add_argument("--table", type=Path, default=root / "tests/bench/scaling.csv")
    parser.add_argument("--picture", type=Path, default=root / "tests/bench/scaling.svg")
    parser.add_argument("--note", help="what stands below the picture [the machine, the CPU level and the date]")
    parser.add_argument("--tools", nargs="+", choices=list(TOOLS), default=list(TOOLS), help="what is measured")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no run after that many seconds")
    options = parser.parse_args()
    note = options.note
    if options.programs:
        fill_table(options.programs, options.table, options.tools, options.seconds)
        version = subprocess.run([str(options.programs / "ptattn-classify"), "--version"], capture_output=True,
                                 text=True, check=True).stdout.splitlines()
        note = note or f"{machine()}, {version[-1]}, {datetime.date.today()}; dashed: grows like the points"
    elif not note:
        parser.error("--programs or --note is needed")
    options.picture.write_text(draw(read_table(options.table), note))


if __name__ == "__main__":
    main()
