#!/usr/bin/env python3
"""Runs the examples of README.md and samples/README.md and puts what they print into these documents.

To be run after a model in samples/models or what a command prints has changed; needs a build with the tests.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from examples.documents import DOCUMENTS, EXAMPLE, Sandbox  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, help="folder of ptattn-classify, e.g. build/default/bin")
    options = parser.parse_args()

    for document in DOCUMENTS:
        with tempfile.TemporaryDirectory() as folder:
            sandbox = Sandbox(document, Path(folder), options.programs.resolve())

            def refreshed(example: re.Match[str]) -> str:
                result = sandbox.run(example["commands"])
                if result.code != 0:
                    sys.exit(f"{document}: exit code {result.code}\n{example['commands']}{result.printed}")
                block = f"```sh\n{example['commands']}```\n"
                return block + f"\n```text\n{result.printed}```\n" if example["shown"] else block

            document.write_text(EXAMPLE.sub(refreshed, document.read_text()))


if __name__ == "__main__":
    main()
