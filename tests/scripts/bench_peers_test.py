#!/usr/bin/env python3
"""Turns, table and checks of scripts/bench_peers.py, with engines made up here. No timing is judged."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "scripts"))

import bench_peers  # noqa: E402

# Speaks the protocol: a pass takes what the command line says, and every command is logged.
ENGINE = """
import json, sys
bare, everything, score, log = sys.argv[1:]
for line in sys.stdin:
    with open(log, "a") as f: f.write(line)
    words = line.split()
    if words[0] == "run":
        print(json.dumps({"ms": [float(bare if words[1] == "bare" else everything)] * int(words[2])}), flush=True)
    elif words[0] == "output":
        print(json.dumps({"output": [1.0, float(score), -4.0]}), flush=True)
    else:
        sys.exit(3)
"""


class Engines(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = Path(folder.name) / "log"

    def start(self, name, ways, bare, everything, score, form="per_point"):
        engine = bench_peers.start(name, form, ways,
                                   [sys.executable, "-c", ENGINE, bare, everything, score, self.log])
        self.addCleanup(engine.process.stdout.close)
        self.addCleanup(engine.process.wait)
        self.addCleanup(engine.process.stdin.close)
        return engine

    def test_turns_alternate_and_the_table_tells_what_was_measured(self):
        own = self.start("ptattn", ("all",), 0, 20, 2.0)
        peer = self.start("peer", ("bare", "all"), 50, 80, 2.02)
        bench_peers.race([own, peer], rounds=3, milliseconds=100)
        commands = self.log.read_text().splitlines()
        # A warm-up each, then rounds in which everybody has a turn: two passes, then as many as fit 100 ms.
        self.assertEqual(commands[:3], ["run all 2", "run bare 2", "run all 2"])
        self.assertEqual(commands[3:6], ["run bare 2", "run all 2", "run all 2"])
        self.assertEqual(commands[6:9], ["run bare 2", "run all 5", "run all 2"])
        self.assertEqual(commands[9:12], ["run bare 2", "run all 5", "run all 2"])
        self.assertEqual(commands[12:], ["output", "output"])
        self.assertEqual(peer.times, {"bare": [50.0] * 6, "all": [80.0] * 6})
        self.assertGreater(own.peak_mb, 1.0)
        own.peak_mb, peer.peak_mb = 30.0, 210.0
        own_int8 = self.start("ptattn", ("all",), 0, 10, 2.0, "int8")
        own_int8.times, own_int8.output, own_int8.peak_mb = {"all": [10.0]}, [1.0, 2.0, -4.04], 25.0
        lines = bench_peers.table([own, own_int8, peer], multiply_adds=500_000_000, peak_gflops=100.0)
        self.assertEqual(lines[2], "| ptattn | per point |  | 20.0 ms | 1.00 | 2.00 | 50% | 30 MB |  |")
        self.assertEqual(lines[3], "| ptattn | int8 |  | 10.0 ms | 0.50 | 1.00 | 100% | 25 MB | 1.0e-02 |")
        self.assertEqual(lines[4], "| peer | per point | 50.0 ms | 80.0 ms | 2.50 | 5.00 | 20% | 210 MB | 5.0e-03 |")

    def test_an_engine_that_dies_ends_the_run(self):
        engine = self.start("peer", ("bare",), 1, 1, 0)
        with self.assertRaisesRegex(SystemExit, r"peer \(per_point\) ended with code 3"):
            engine.ask("nonsense")

    def test_difference_is_relative_and_sees_missing_classes(self):
        self.assertEqual(bench_peers.difference([1.0, -3.0], [1.0, -4.0]), 0.25)
        self.assertEqual(bench_peers.difference([1.0], [1.0, -4.0]), float("inf"))
        self.assertEqual(bench_peers.difference([1.0, float("nan")], [1.0, -4.0]), float("inf"))


if __name__ == "__main__":
    unittest.main()
