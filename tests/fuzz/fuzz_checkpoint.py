#!/usr/bin/env python3
"""Gives damaged and hostile checkpoints to scripts/import_checkpoint.py, in this process.

Seeds are made here: a small network in each public layout, as torch.save and safetensors write them. They are changed
byte by byte, operation by operation (pickles inside archives whose checksums are right again) and value by value (JSON
headers). An import may succeed or say in a CheckpointError what is wrong; any other exception, more than 5 seconds or
more than 500 MB is a finding, and the file is written to crash-PID.

  fuzz_checkpoint.py [FOLDER] [--runs N] [--seconds S] [--seed SEED]    FOLDER: further seeds
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import struct
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
GOLDEN = SOURCE / "tests" / "golden"
sys.path[:0] = [str(SOURCE / "scripts"), str(SOURCE / "tests" / "scripts")]
sys.dont_write_bytecode = True

import torch_writer  # noqa: E402
from checkpoints.layouts import read_network, recognise  # noqa: E402
from checkpoints.state import read_checkpoint  # noqa: E402
from checkpoints.tensors import CheckpointError, Tensor, converted, save_safetensors  # noqa: E402

MAX_SECONDS = 5.0
MAX_KILOBYTES = 500_000
CASES = ("pct_cls", "spct_partseg", "ptv1_s3dis_seg", "ptv3_rpe_seg", "sonata_small_seg", "utonia_tiny_enc")
OPERATIONS = [bytes([b]) for b in b"(012NI]}lade)tsuRbc.QPiogpBCXTUGFLSVJKMhqjr"] + \
    [bytes([b]) for b in range(0x80, 0x98)]
NUMBERS = (b"K\x00", b"K\x01", b"J\xff\xff\xff\xff", b"\x8a\x09" + b"\xff" * 8 + b"\x7f", b"\x8a\x08" + bytes(7) + b"\x80",
           b"M\xff\xff", b"G\x7f\xf8" + bytes(6), b"N", b"\x88")


def small(shape: list[int]) -> Tensor:
    extents = tuple(min(n, 3) for n in shape)
    count = 1
    for n in extents:
        count *= n
    return Tensor("F32", extents, lambda: bytes(4 * count))


def make_seeds(folder: Path) -> list[tuple[str, bytes]]:
    """(suffix, bytes) of each."""
    seeds = []
    for case in CASES:
        golden = json.loads((GOLDEN / f"{case}.json").read_text())
        weights = {name: small(shape) for name, shape in golden["tensors"].items()}
        few = dict(list(weights.items())[:12])
        for tensors in (weights, few):
            save_safetensors(folder / "seed", tensors)
            seeds.append((".safetensors", (folder / "seed").read_bytes()))
            for legacy in (False, True):
                config = {key: value for key, value in golden["config"].items() if not isinstance(value, dict)}
                torch_writer.save(folder / "seed", {"config": config, "epoch": 3, "state_dict": tensors}, legacy)
                seeds.append((".pth", (folder / "seed").read_bytes()))
    return seeds


def changed_bytes(data: bytearray, chance: random.Random, others: list[tuple[str, bytes]]) -> bytearray:
    for _ in range(1 + chance.randrange(4)):
        at, length = chance.randrange(len(data) + 1), chance.randrange(16)
        kind = chance.randrange(9)
        if kind == 0 and at < len(data):
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at:at + length]
        elif kind == 2:
            data[at:at] = data[at:at + length]
        elif kind == 3:
            data[at:at] = chance.choice(OPERATIONS)
        elif kind == 4:
            data[at:at + 1] = chance.choice(OPERATIONS)
        elif kind == 5:
            data[at:at + length] = chance.choice(NUMBERS)
        elif kind == 6:
            other = chance.choice(others)[1]
            begin = chance.randrange(len(other))
            data[at:at + length] = other[begin:begin + chance.randrange(64)]
        elif kind == 7 and len(data) > 8:
            at = chance.randrange(len(data) - 8)
            data[at:at + 4] = struct.pack("<I", chance.choice((0, 1, 2**31, 2**32 - 1, len(data))))
        elif kind == 8 and chance.randrange(8) == 0:
            del data[at:]
    return data


def changed_archive(data: bytes, chance: random.Random, others: list[tuple[str, bytes]], scratch: Path) -> bytes:
    """The pickle in the archive changes; checksums are right again."""
    scratch.write_bytes(data)
    with zipfile.ZipFile(scratch) as old:
        members = {name: old.read(name) for name in old.namelist()}
    for name in members:
        if name.endswith("data.pkl") or chance.randrange(50) == 0:
            members[name] = bytes(changed_bytes(bytearray(members[name]), chance, others))
    with zipfile.ZipFile(scratch, "w") as new:
        for name, content in members.items():
            if chance.randrange(200) > 0:
                new.writestr(name, content)
    return scratch.read_bytes()


def changed_value(value: object, chance: random.Random) -> object:
    """Something else in one place of a JSON value."""
    if isinstance(value, dict) and value and chance.randrange(8) > 0:
        key = chance.choice(list(value))
        return {**value, key: changed_value(value[key], chance)}
    if isinstance(value, list) and value and chance.randrange(4) > 0:
        at = chance.randrange(len(value))
        return value[:at] + [changed_value(value[at], chance)] + value[at + 1:]
    return chance.choice((None, True, -1, 0, 1, 2**63, 2**64, 10**30, 0.5, float("nan"), "", "F32", "I64", [], [[]], {}, [0, 4],
                          "\ud800", "module." * 9))


def changed_safetensors(data: bytes, chance: random.Random) -> bytes:
    length, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    for _ in range(1 + chance.randrange(3)):
        changed = changed_value(header, chance)
        header = changed if isinstance(changed, dict) else header
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length:]


def mutated(seeds: list[tuple[str, bytes]], chance: random.Random, scratch: Path) -> tuple[str, bytes]:
    suffix, data = chance.choice(seeds)
    if chance.randrange(4) > 0:
        if suffix == ".safetensors":
            return suffix, changed_safetensors(data, chance)
        if data.startswith(b"PK"):
            return suffix, changed_archive(data, chance, seeds, scratch)
    return suffix, bytes(changed_bytes(bytearray(data), chance, seeds))


def imported(path: Path, output: Path, dtype: str) -> None:
    """What an import does to a file, without the profile and the card."""
    checkpoint = read_checkpoint(path)
    network = read_network(checkpoint, recognise(checkpoint))
    json.dumps(network.hyper_parameters)
    save_safetensors(output, {name: converted(tensor, dtype) for name, tensor in network.tensors.items()})


def finding(data: bytes, suffix: str, problem: str) -> None:
    kept = Path(f"crash-{os.getpid()}{suffix}")
    kept.write_bytes(data)
    print(f"{problem}\nthe input is in {kept}", file=sys.stderr)
    sys.exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    memory = Path("/dev/shm")
    scratch = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    try:
        seeds = make_seeds(scratch)
        if options.folder is not None and options.folder.is_dir():
            seeds += [(path.suffix, path.read_bytes()) for path in sorted(options.folder.iterdir())]
        end, done, good = time.monotonic() + options.seconds, 0, 0
        while done < options.runs or time.monotonic() < end:
            suffix, data = mutated(seeds, chance, scratch / "archive")
            path = scratch / f"a{suffix}"
            path.write_bytes(data)
            begin = time.process_time()
            try:
                imported(path, scratch / "model", chance.choice(("F32", "F16")))
                good += 1
            except (CheckpointError, OSError):
                pass
            except Exception:
                finding(data, suffix, traceback.format_exc())
            if time.process_time() - begin > MAX_SECONDS:
                finding(data, suffix, f"takes {time.process_time() - begin:.1f} s")
            if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MAX_KILOBYTES:
                finding(data, suffix, f"took {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss} KB")
            done += 1
        print(f"{len(seeds)} inputs, {good} imported, {done} mutations")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
