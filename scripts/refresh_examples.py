#!/usr/bin/env python3
"""Runs the examples of samples/README.md and puts what they print into it.

Each ```sh block is run in a copy of samples/clouds and samples/scenes; a ```text block right after it receives its
output. To be run after a model in samples/models has changed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
EXAMPLE = re.compile(r"```sh\n(?P<commands>.*?)```\n(?P<shown>\n```text\n.*?```\n)?", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, help="folder of ptattn-classify, e.g. build/default/bin")
    options = parser.parse_args()
    environment = {**os.environ, "PATH": f"{options.programs.resolve()}:{os.environ['PATH']}"}

    with tempfile.TemporaryDirectory() as folder:
        for part in ("clouds", "scenes"):
            shutil.copytree(SAMPLES / part, Path(folder) / part)

        def refreshed(example: re.Match[str]) -> str:
            commands = "set -euo pipefail\n" + example["commands"]
            printed = subprocess.run(["bash", "-c", commands], cwd=folder, env=environment, text=True, check=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
            block = f"```sh\n{example['commands']}```\n"
            return block + f"\n```text\n{printed}```\n" if example["shown"] else block

        readme = SAMPLES / "README.md"
        readme.write_text(EXAMPLE.sub(refreshed, readme.read_text()))


if __name__ == "__main__":
    main()
