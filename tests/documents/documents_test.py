"""Runs every command of README.md and samples/README.md, and compares what they print with what the documents show."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "scripts"))
sys.dont_write_bytecode = True
from examples.documents import DOCUMENTS, Sandbox, examples  # noqa: E402

PROGRAMS = Path(os.environ["PTATTN_PROGRAMS"])
README, SAMPLES = DOCUMENTS
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


def alike(shown: str, printed: str) -> bool:
    """Equal words and blanks between them; numbers may differ a little, as they do between kinds of CPUs."""
    numbers = zip(NUMBER.findall(shown), NUMBER.findall(printed))
    words = [NUMBER.sub("0", text).split() for text in (shown, printed)]
    return words[0] == words[1] and all(
        abs(float(a) - float(b)) <= 0.11 + 0.02 * max(abs(float(a)), abs(float(b))) for a, b in numbers)


def block_after(text: str, language: str, which: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```\n", text, re.DOTALL)[which]


class Documents(unittest.TestCase):
    def run_all(self, document: Path, folder: Path) -> int:
        """Runs the examples of a document; returns how many there are."""
        sandbox = Sandbox(document, folder, PROGRAMS)
        count = 0
        for count, example in enumerate(examples(document.read_text()), 1):
            result = sandbox.run(example["commands"])
            self.assertEqual(result.code, 0, example["commands"] + result.printed)
            if example["shown"]:
                self.assertTrue(alike(example["text"], result.printed),
                                f"{document.name} shows\n{example['text']}but\n{example['commands']}prints\n"
                                f"{result.printed}scripts/refresh_examples.py brings it up to date")
        return count

    def test_readme(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            self.assertGreater(self.run_all(README, folder), 8)
            self.assertIn("cmake --preset default -DPTATTN_BUILD_TESTS=OFF", (folder / ".built").read_text())
            self.assertIn("ctest --preset default", (folder / ".built").read_text())
            records = [json.loads(line) for line in (folder / "names.jsonl").read_text().splitlines()]
            self.assertEqual([record["class"] for record in records], ["chair", "chair", "piano"])
            for made in ("labelled.ply", "labelled/river bank/south.ply", "models/sonata/model.safetensors"):
                self.assertGreater((folder / made).stat().st_size, 1000, made)

    def test_samples(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            self.assertGreater(self.run_all(SAMPLES, folder), 15)
            for made, count in {"all.jsonl": 16, "shared.jsonl": 16, "result.jsonl": 2, "clouds.csv": 17}.items():
                self.assertEqual((folder / made).read_text().count("\n"), count, made)
            for made, size in {"hand.ply": 1024 * 19, "shape.ply": 5000 * 67, "around.ply": 5000 * 67, "person.png": 10000,
                               "seen_pt_last.sa4.ply": 5000 * 67, "smooth.ply": 1024 * 12, "voted.ply": 58716 * 34}.items():
                self.assertGreater((folder / made).stat().st_size, size, made)
            self.assertEqual((folder / "bed.npy").stat().st_size, 128 + 1024 * 28 * 4)

    def test_what_the_readme_compiles_is_what_the_consumer_compiles(self) -> None:
        text, consumer = README.read_text(), SOURCE / "tests" / "consumer"
        self.assertEqual(block_after(text, "cpp"), (consumer / "consumer.cpp").read_text())
        self.assertIn(block_after(text, "cmake"), (consumer / "CMakeLists.txt").read_text())
        self.assertLessEqual(block_after(text, "cpp").count("\n"), 20)

    def test_links_lead_somewhere(self) -> None:
        for document in (*DOCUMENTS, SOURCE / "CONTRIBUTING.md", *SOURCE.glob("samples/models/*/README.md")):
            for target in re.findall(r"\]\(([^)#\s]+)", document.read_text()):
                if "://" not in target:
                    self.assertTrue((document.parent / target).exists(), f"{document}: {target}")

    def test_the_readme_names_every_command_and_model(self) -> None:
        text = README.read_text()
        for program in sorted(PROGRAMS.glob("ptattn-*")):
            self.assertIn(f"| `{program.name}` |", text)
        for model in sorted((SOURCE / "samples" / "models").iterdir()):
            self.assertIn(f"| [{model.name}](samples/models/{model.name}/README.md) |", text)


class Alike(unittest.TestCase):
    def test_numbers_may_differ_a_little_and_words_not(self) -> None:
        self.assertTrue(alike("car  94.9 %  12\n", "car 95.0 % 12\n"))
        self.assertFalse(alike("car 94.9 %\n", "cup 94.9 %\n"))
        self.assertFalse(alike("car 94.9 %\n", "car 91.9 %\n"))
        self.assertFalse(alike("car 94.9 %\n", "car 94.9 %\nmore\n"))


if __name__ == "__main__":
    unittest.main()
