"""The examples of README.md and samples/README.md: what they are, and folders in which they run.

An example is a ```sh block; a ```text block right after it shows what it prints.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from examples import stand_ins

SOURCE = Path(__file__).resolve().parents[2]
DOCUMENTS = (SOURCE / "README.md", SOURCE / "samples" / "README.md")
CLOSING_LINE = re.compile(r"^ptattn-[a-z]+: \d+ files?, .*/s\n", re.MULTILINE)  # timings, never the same twice
EXAMPLE = re.compile(r"```sh\n(?P<commands>.*?)```\n(?P<shown>\n```text\n(?P<text>.*?)```\n)?", re.DOTALL)


@dataclass
class Result:
    code: int
    printed: str


class Sandbox:
    """A folder that looks like the one that a document's examples are run from."""

    def __init__(self, document: Path, folder: Path, programs: Path) -> None:
        self.folder = folder
        path = f"{programs}:{os.environ['PATH']}"
        if document.parent.name == "samples":
            for part in ("clouds", "scenes"):
                shutil.copytree(document.parent / part, folder / part)
        else:
            stand_ins.make_checkout(folder, SOURCE, programs)
            path = f"{stand_ins.make_commands(folder, programs)}:{path}"
        self.environment = {**os.environ, "PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        self.environment.pop("PTATTN_MODELS", None)

    def run(self, commands: str) -> Result:
        finished = subprocess.run(["bash", "-c", "set -euo pipefail\n" + commands], cwd=self.folder, check=False,
                                  env=self.environment, text=True, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return Result(finished.returncode, CLOSING_LINE.sub("", finished.stdout))


def examples(text: str) -> Iterator[re.Match[str]]:
    return EXAMPLE.finditer(text)
