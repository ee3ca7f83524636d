#!/usr/bin/env python3
"""Runs the commands of public bug reports and prints what comes of each.

    scripts/check_reports.py build/default/bin REPORTS [--only NAME...] [--before OTHER/bin] [--limit 60]

REPORTS is a folder of clouds and of files NAME.txt, each with one line of three parts:

    run in this folder: COMMAND | expected: WHAT OUGHT TO HAPPEN | source: WHERE IT WAS REPORTED

Every command runs with bash in a copy of the folder of its own, with the programs first on the path; options that have
other names since are called by these. Printed are, beside what is expected, the exit code, the seconds and what was
said: the first lines of standard error without its summary, then the first of standard output; with --before, the same
of other programs. What is expected is prose, so a reader judges; the last line counts the exit codes, and the script
fails where a command crashed, was misunderstood (2), was an internal error of a program (1) or ran into the limit.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

TIMED_OUT = 124
START = "run in this folder: "
MOST_LINES = 3
LONGEST_LINE = 200
RENAMED = {"--color": "--colorize", "--screenshot": "--output", "--label-field": "--field"}


@dataclass
class Case:
    name: str
    command: str
    expected: str

    @staticmethod
    def read(path: Path) -> Case:
        parts = path.read_text().strip().split(" | ")
        # A command may hold pipes: what is expected begins at its name.
        at = next((i for i, part in enumerate(parts) if part.startswith("expected: ")), len(parts))
        expected = parts[at].removeprefix("expected: ") if at < len(parts) else ""
        words = " | ".join(parts[:at]).removeprefix(START).split(" ")
        return Case(path.stem, " ".join(RENAMED.get(word, word) for word in words), expected)


@dataclass
class Outcome:
    code: int
    seconds: float
    lines: list[str]

    def failed(self) -> bool:
        return self.code in (1, 2, TIMED_OUT) or self.code > 128 or self.code < 0


def first_lines(error: bytes, output: bytes) -> list[str]:
    said = [line.strip() for line in error.decode(errors="replace").splitlines() if line.strip()]
    said = [line for line in said if not line.endswith("points/s")]
    result = [line.rstrip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    return said[:MOST_LINES] + result[:MOST_LINES]


def run(case: Case, folder: Path, programs: Path, limit: float) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "reports"
        shutil.copytree(folder, copy)
        environment = {**os.environ, "PATH": f"{programs.resolve()}:{os.environ['PATH']}"}
        began = time.monotonic()
        # The exit code of a command that echoes it is its own, not that of echo.
        command = case.command.removesuffix("; echo rc=$?")
        try:
            done = subprocess.run(["bash", "-c", command], cwd=copy, env=environment, timeout=limit,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except subprocess.TimeoutExpired:
            return Outcome(TIMED_OUT, limit, ["ran into the limit"])
        return Outcome(done.returncode, time.monotonic() - began, first_lines(done.stderr, done.stdout))


def count_text(outcomes: list[Outcome]) -> str:
    counts = Counter(outcome.code for outcome in outcomes)
    codes = ", ".join(f"{number} with exit code {code}" for code, number in sorted(counts.items()))
    return f"{len(outcomes)} cases: {codes}; {sum(outcome.failed() for outcome in outcomes)} failed"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path)
    parser.add_argument("reports", type=Path)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these cases alone")
    parser.add_argument("--before", type=Path, metavar="PROGRAMS", help="run other programs as well")
    parser.add_argument("--limit", type=float, default=60.0, metavar="SECONDS", help="for one command [60]")
    options = parser.parse_args()
    cases = [Case.read(path) for path in sorted(options.reports.glob("*.txt"))]
    cases = [case for case in cases if not options.only or case.name in options.only]
    if not cases:
        parser.error(f"{options.reports} holds no such case")
    runs = ({"before": options.before} if options.before else {}) | {"now": options.programs}
    outcomes: dict[str, list[Outcome]] = {when: [] for when in runs}
    for case in cases:
        print(f"{case.name}\n    $ {case.command}\n    expected: {case.expected}")
        for when, programs in runs.items():
            outcome = run(case, options.reports, programs, options.limit)
            outcomes[when].append(outcome)
            print(f"    {when}: exit code {outcome.code}, {outcome.seconds:.1f} s", flush=True)
            for line in outcome.lines:
                print(f"        {line[:LONGEST_LINE]}")
    for when, of_programs in outcomes.items():
        print(f"{when}: {count_text(of_programs)}")
    return 1 if any(outcome.failed() for outcome in outcomes["now"]) else 0


if __name__ == "__main__":
    sys.exit(main())
