"""What the comparisons with peers (scripts/bench_peers*.py) share: engines in processes, their options and their setting."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PEERS = Path(__file__).resolve().parent
ROOT = PEERS.parent.parent
PACKAGES = ["numpy", "onnx", "onnxruntime", "openvino"]


def program() -> str:
    """What messages begin with."""
    return Path(sys.argv[0]).stem


@dataclass
class Contender:
    """One engine in its process, and what was measured of it."""

    name: str
    form: str
    ways: tuple[str, ...]
    process: subprocess.Popen
    times: dict[str, list[float]] = field(default_factory=dict)
    output: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def is_int8(self) -> bool:
        return self.form.endswith("int8")

    def ask(self, command: str) -> dict:
        """One command, one line of JSON."""
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise SystemExit(f"{program()}: {self.name} ({self.form}) ended with code {self.process.wait()}")
        return json.loads(line)

    def turn(self, way: str, milliseconds: float) -> None:
        """Passes for about that long, at least two."""
        known = self.times.setdefault(way, [])
        count = max(2, round(milliseconds / statistics.median(known))) if known else 2
        known += self.ask(f"run {way} {min(count, 200)}")["ms"]

    def median(self, way: str) -> float | None:
        """Of the passes, in milliseconds; None of a way that the engine does not have."""
        return statistics.median(self.times[way]) if way in self.times else None

    def finish(self) -> None:
        """What there is to know after the last pass."""
        self.output = self.ask("output")["output"]
        self.peak_mb = peak_memory(self.process.pid)


def start(name: str, form: str, ways: tuple[str, ...], command: list, threads: int = 1) -> Contender:
    """An engine in its process, where NumPy, too, has no more threads than that."""
    limits = {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, **limits})
    return Contender(name, form, ways, process)


def peak_memory(pid: int) -> float:
    """Largest resident set of a process so far, MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


@contextmanager
def running(contenders: list[Contender]) -> Iterator[None]:
    """Ends their processes afterwards."""
    try:
        yield
    finally:
        for c in contenders:
            c.process.stdin.close()
            c.process.wait()


def difference(output: list[float], reference: list[float]) -> float:
    """Largest difference, relative to the largest magnitude of the reference; infinite for what is no number."""
    if len(output) != len(reference) or not all(map(math.isfinite, output)):
        return float("inf")
    return max(abs(a - b) for a, b in zip(output, reference)) / max(abs(b) for b in reference)


def plural(threads: int) -> str:
    return f"{threads} thread{'s' if threads > 1 else ''}"


def add_options(parser: argparse.ArgumentParser, threads: list[int]) -> None:
    """Options that all comparisons have, with the usual numbers of threads."""
    parser.add_argument("--bench-peer", type=Path, default=ROOT / "build/default/bin/bench_peer")
    parser.add_argument("--threads", type=int, nargs="+", default=threads)
    parser.add_argument("--tolerance", type=float, default=1e-3, help="largest relative difference of class scores")


def require_bench_peer(path: Path) -> None:
    if not path.exists():
        print(f"{program()}: {path} is missing, build it with the target bench_peer", file=sys.stderr)
        sys.exit(2)


def setting() -> str:
    """Machine, system and date."""
    return f"{machine()}; {platform.platform()}; {subprocess.check_output(['date', '+%F'], text=True).strip()}"


def machine() -> str:
    """Processor and widest vectors."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    fields = dict(line.split(":", 1) for line in info.split("\n\n")[0].splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    flags = fields.get("flags", "").split()
    level = next((n for n in ("avx512f", "avx2", "avx") if n in flags), platform.machine())
    return (f"{fields.get('model name', platform.processor())} (family {fields.get('cpu family', '?')}, model "
            f"{fields.get('model', '?')}), {info.count('processor')} cores, {level}")


def make_environment(with_torch: bool) -> Path:
    """The interpreter of a virtual environment with the peers, made once."""
    folder = ROOT / "build" / "peers-venv"
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"{program()}: making {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
    wanted = PACKAGES + (["torch"] if with_torch else [])
    if not all(can_import(python, name) for name in wanted):
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    return python


def can_import(python: Path, module: str) -> bool:
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([python, "-c", code], check=False).returncode == 0
