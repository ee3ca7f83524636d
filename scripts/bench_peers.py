#!/usr/bin/env python3
"""PCT in ptattn, float32 and int8, beside ONNX Runtime, OpenVINO and PyTorch: same weights, same cloud, same threads.

    scripts/bench_peers.py                       # published size (2.88 M parameters), 1 and 2 threads
    scripts/bench_peers.py --network samples/models/pct-modelnet40
    scripts/bench_peers.py --with-torch          # PyTorch, too: a download of some gigabytes

Needs a build with tests (bench_peer). Without --python, the peers are installed into build/peers-venv. Every engine runs
in a process of its own; their turns alternate (A B C A B C ...), so that a busy machine slows all of them. What an engine
computes must agree with ptattn's result, or the run fails.

Columns: `network` is a pass with sampled points and neighbours given for free (ptattn has no such mode, its time includes
them); `everything` adds the usual way to find them (NumPy, in PyTorch PyTorch). `ratio` is the engine's bare network over
ptattn with everything, `to int8` the same over ptattn's 8-bit network. Rows named int8 are networks with 8-bit weights: that
of ptattn, and what ONNX Runtime's dynamic quantisation (a scale for each channel) makes of the graph. `of peak`: the
multiply-adds that are needed, two operations each, over the network's time (ptattn: everything), as a share of the fastest
large float32 product that ptattn or PyTorch show on this machine in the same run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "peers"))

from contenders import (PEERS, ROOT, Contender, add_options, can_import, difference, make_environment,  # noqa: E402
                        plural, require_bench_peer, running, setting, start)

# Engine, form of the graph (see scripts/peers/pct_graph.py), module it needs.
ENGINES = [("onnxruntime", "published"), ("onnxruntime", "per_point"), ("onnxruntime", "published_int8"),
           ("onnxruntime", "per_point_int8"), ("openvino", "published"), ("openvino", "per_point"), ("torch", "per_point")]


def race(contenders: list[Contender], rounds: int, milliseconds: float) -> None:
    """Alternating turns; the first turn of each warms up and does not count."""
    for contender in contenders:
        for way in contender.ways:
            contender.ask(f"run {way} 2")
    for _ in range(rounds):
        for way in ("bare", "all"):
            for contender in contenders:
                if way in contender.ways:
                    contender.turn(way, milliseconds)
    for contender in contenders:
        contender.finish()


def table(contenders: list[Contender], multiply_adds: int, peak_gflops: float) -> list[str]:
    """Markdown; the first contender is ptattn, the second its 8-bit network."""
    own = contenders[0]
    base, base_int8 = (c.median("all") for c in contenders[:2])
    lines = ["| engine | form | network | everything | ratio | to int8 | of peak | memory | difference |",
             "|---|---|---|---|---|---|---|---|---|"]
    for c in contenders:
        bare, everything = c.median("bare"), c.median("all")
        counted = everything if bare is None else bare
        share = 2 * multiply_adds / counted / 1e6 / peak_gflops
        lines.append(f"| {c.name} | {c.form.replace('_', ' ')} | {'' if bare is None else f'{bare:.1f} ms'} | "
                     f"{everything:.1f} ms | {counted / base:.2f} | {counted / base_int8:.2f} | {share:.0%} | "
                     f"{c.peak_mb:.0f} MB | {'' if c is own else f'{difference(c.output, own.output):.1e}'} |")
    return lines


def start_all(arguments: argparse.Namespace, pythons: list[Path], folder: Path, threads: int) -> list[Contender]:
    """ptattn first, then every peer that some interpreter can import."""
    network = arguments.network
    own = [arguments.bench_peer, network, arguments.cloud, threads]
    contenders = [start("ptattn", "float32", ("all",), own, threads),
                  start("ptattn", "int8", ("all",), [*own, "int8"], threads)]
    for engine, form in ENGINES:
        python = next((p for p in pythons if can_import(p, engine)), None)
        if python is None:
            continue
        command = [python, PEERS / "worker.py", engine, form, network, folder, "--threads", threads]
        contenders.append(start(engine, form, ("bare", "all"), command, threads))
    return contenders


def compare(arguments: argparse.Namespace, pythons: list[Path], folder: Path, threads: int) -> bool:
    """One table; false when a peer's result is not ptattn's."""
    sizes = json.loads((folder / "sizes.json").read_text())
    contenders = start_all(arguments, pythons, folder, threads)
    with running(contenders):
        race(contenders, arguments.rounds, arguments.turn_ms)
        peak = max(c.ask("peak")["gflops"] for c in contenders if c.name in ("ptattn", "torch"))
    print(f"\n{plural(threads)}, GEMM peak {peak:.0f} Gflop/s\n")
    print("\n".join(table(contenders, sizes["per_point"], peak)), flush=True)
    wrong = False
    for c in contenders[1:]:
        tolerance = arguments.int8_tolerance if c.is_int8 else arguments.tolerance
        if not difference(c.output, contenders[0].output) <= tolerance:
            print(f"bench_peers: {c.name} ({c.form}) differs from ptattn by more than {tolerance}", file=sys.stderr)
            wrong = True
    return not wrong


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", type=Path, default=ROOT / "tests/golden/pct_cls.json",
                        help="model folder of architecture pct_cls, or a parity case (default: the published size)")
    parser.add_argument("--cloud", type=Path, default=ROOT / "tests/golden/pct_cls.safetensors",
                        help="safetensors file whose in.xyz is a normalised cloud")
    parser.add_argument("--python", type=Path, action="append", default=[],
                        help="interpreter that has some of the peers, the first onnx and onnxruntime; may be repeated")
    parser.add_argument("--with-torch", action="store_true", help="install PyTorch, too")
    add_options(parser, threads=[1, 2])
    parser.add_argument("--rounds", type=int, default=10, help="turns of every engine")
    parser.add_argument("--turn-ms", type=float, default=150, help="length of a turn")
    parser.add_argument("--int8-tolerance", type=float, default=0.1, help="the same for networks with 8-bit weights")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    require_bench_peer(arguments.bench_peer)
    pythons = arguments.python or [make_environment(arguments.with_torch)]
    print(setting())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([pythons[0], PEERS / "prepare.py", arguments.network, arguments.cloud, folder], check=True)
        sizes = json.loads((folder / "sizes.json").read_text())
        print(f"{sizes['parameters'] / 1e6:.2f} M parameters; multiply-adds: {sizes['published'] / 1e9:.2f} G as published, "
              f"{sizes['per_point'] / 1e9:.2f} G needed")
        agreed = [compare(arguments, pythons, folder, threads) for threads in arguments.threads]
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
