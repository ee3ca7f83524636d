#!/usr/bin/env python3
"""Point Transformer V3 in ptattn beside the same network in PyTorch: the same weights, voxels and threads.

    scripts/bench_peers_ptv3.py                  # published size (46.2 M parameters), a room of 100,000 voxels

Needs a build with tests (bench_peer); PyTorch is installed into build/peers-venv unless --python has it. The peer is
scripts/train/ptv3.py, whose parity with the original is tested: row gathers, matrix products and PyTorch's own attention.
A pass of it takes tens of seconds, so it runs once, between two halves of ptattn's passes. Class scores of all voxels
must agree, or the run fails.

Columns: `network` is a pass whose neighbour tables, orders, patches and pooling are given for free; `everything` computes
them first (ptattn; in the peer NumPy). `ratio` is over ptattn with everything, `memory` the peak of the process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "peers"))

from contenders import (PEERS, Contender, add_options, difference, make_environment, plural,  # noqa: E402
                        require_bench_peer, running, setting, start)


def table(contenders: list[Contender], voxels: int) -> list[str]:
    """Markdown; the first contender is ptattn."""
    own = contenders[0]
    base = own.median("all")
    lines = ["| engine | voxels | network | everything | ratio | ratio of everything | memory | difference |",
             "|---|---|---|---|---|---|---|---|"]
    for c in contenders:
        bare, everything = c.median("bare"), c.median("all")
        lines.append(f"| {c.name} | {voxels} | {'' if bare is None else f'{bare / 1e3:.2f} s'} | {everything / 1e3:.2f} s | "
                     f"{(bare or everything) / base:.2f} | {everything / base:.2f} | {c.peak_mb:.0f} MB | "
                     f"{'' if c is own else f'{difference(c.output, own.output):.1e}'} |")
    return lines


def compare(arguments: argparse.Namespace, python: Path, folder: Path, threads: int) -> bool:
    """One table; false when the peer's scores are not ptattn's."""
    case = folder / "ptv3.json"
    own = start("ptattn", "float32", ("all",),
                [arguments.bench_peer, case, case.with_suffix(".safetensors"), threads], threads)
    peer = start("torch", "plain", ("bare", "all"),
                 [python, PEERS / "ptv3_worker.py", case, "--threads", threads], threads)
    contenders = [own, peer]
    with running(contenders):
        own.ask("run all 1")  # warms up
        own.times["all"] = own.ask("run all 2")["ms"]
        for way in peer.ways:
            peer.times[way] = peer.ask(f"run {way} 1")["ms"]
        own.times["all"] += own.ask("run all 3")["ms"]
        for c in contenders:
            c.finish()
    print(f"\n{plural(threads)}\n")
    print("\n".join(table(contenders, len(own.output) // 20)), flush=True)
    agreed = difference(peer.output, own.output) <= arguments.tolerance
    if not agreed:
        print(f"bench_peers_ptv3: the scores differ by more than {arguments.tolerance}", file=sys.stderr)
    return agreed


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=227, help="length of the room in voxels (default: 227)")
    parser.add_argument("--python", type=Path, help="interpreter that has NumPy and PyTorch")
    add_options(parser, threads=[2])
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    require_bench_peer(arguments.bench_peer)
    python = arguments.python or make_environment(with_torch=True)
    print(setting())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([python, PEERS / "ptv3_scene.py", folder / "ptv3", "--side", str(arguments.side)], check=True)
        agreed = [compare(arguments, python, folder, threads) for threads in arguments.threads]
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
