#!/usr/bin/env python3
"""Labels LAS and LAZ files, and has PDAL read what comes out beside what went in.

    scripts/check_las_peers.py build/default/bin WORK tests/data/las samples/scenes
    scripts/check_las_peers.py --root ROOT build/default/bin ROOT/tmp/work tests/data/las    # pdal of another Debian

Every file is labelled into LAS and into LAZ. PDAL's values of all its dimensions but Classification must be the same before and
after, and the two outputs must have the same values, new ones included. Files that PDAL does not read as they are cannot be
compared: they are counted, with what it says. Ends with 1 if any value differs or PDAL refuses an output whose input it reads.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from pathlib import Path


def pdal_values(path: Path, root: Path | None) -> dict[str, list[str]] | str:
    """Values as text by dimension; what PDAL says where it does not read the file."""
    table = path.with_suffix(path.suffix + ".csv")
    table.unlink(missing_ok=True)
    prefix, base = (["chroot", str(root)], root) if root else ([], Path("/"))
    names = ["/" + str(p.resolve().relative_to(base.resolve())) for p in (path, table)]
    run = subprocess.run([*prefix, "pdal", "translate", *names, "--writers.text.precision=9"], capture_output=True, text=True)
    if run.returncode != 0 or not table.exists():
        return (run.stderr.strip().splitlines() or ["ends with " + str(run.returncode)])[-1]
    with open(table, newline="") as file:
        rows = list(csv.reader(file))
    table.unlink()
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def differences(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    """Dimensions of `one` that `other` has not, or with other values; the class is the one that may change."""
    return [name for name, values in one.items() if name != "Classification" and other.get(name) != values]


def check(source: Path, options: argparse.Namespace) -> tuple[str, list[str]]:
    """"same", "skipped" or "differs", and why."""
    given = options.work / ("in_" + source.name)
    given.write_bytes(source.read_bytes())
    before = pdal_values(given, options.root)
    outputs = []
    for ending in ("las", "laz"):
        output = options.work / f"out_{source.stem}.{ending}"
        output.unlink(missing_ok=True)
        command = [options.bin / "ptattn-segment", source, "--model", "aerial", "-o", output, "--quiet"]
        run = subprocess.run(command, capture_output=True, text=True)
        if not output.exists():
            return "skipped", ["ptattn-segment: " + run.stderr.strip()]
        outputs.append(pdal_values(output, options.root))
    if isinstance(before, str):
        return "skipped", ["PDAL does not read the input: " + before]
    refused = [text for text in outputs if isinstance(text, str)]
    if refused:
        return "differs", ["PDAL reads the input, but of the output says: " + refused[0]]
    wrong = [f"{name} is not as before" for name in differences(before, outputs[0])]
    wrong += [f"{name} differs between LAS and LAZ" for name in differences(outputs[0], outputs[1])]
    return ("differs", wrong) if wrong else ("same", sorted(set(outputs[0]) - set(before)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=Path, help="folder of the programs")
    parser.add_argument("work", type=Path, help="folder for outputs")
    parser.add_argument("data", type=Path, nargs="+", help="files or folders")
    parser.add_argument("--root", type=Path, help="root of the system that has pdal; WORK lies in it")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    files = [f for d in options.data for f in (sorted(d.rglob("*.la[sz]")) if d.is_dir() else [d])]
    counts = {"same": 0, "skipped": 0, "differs": 0}
    for file in files:
        verdict, notes = check(file, options)
        counts[verdict] += 1
        print(f"{verdict:8} {file.name}: {'; '.join(notes)}", flush=True)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    if counts["differs"] or not counts["same"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
