#!/usr/bin/env python3
"""Checks the network against the reference outputs, and that a killed and resumed run equals an uninterrupted one."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch

from golden import parity
from train_pct import parse_arguments, train

TINY = ("--group1 32x8x16 --group2 16x4x24 --embed 8 --qk 8 --fuse 32 --head 16x16 --batch 8 --warmup 1 "
        "--views full,random:128-512,fps:256 --evaluate-every 1 --threads 1").split()


def make_data(folder: Path, clouds: int = 80) -> None:
    """A made-up data set in the layout of the real one: ellipsoids of three proportions."""
    rng = np.random.default_rng(0)
    labels = np.arange(clouds) % 3
    xyz = rng.standard_normal((clouds, 1024, 3)).astype(np.float32)
    xyz /= np.linalg.norm(xyz, axis=-1, keepdims=True)
    xyz[..., 2] *= (labels[:, None] + 1) / 3
    np.save(folder / "modelnet40_train_xyz_i16.npy", (xyz * 32000).astype(np.int16))
    np.save(folder / "modelnet40_train_label_u8.npy", labels.astype(np.uint8))
    (folder / "modelnet40_classes.json").write_text(json.dumps(["flat", "oblate", "round"]))


class Killed(Exception):
    """Stands in for the kill of a run."""


def resumed_equals_uninterrupted(folder: Path) -> bool:
    make_data(folder)
    common = ["--data", str(folder), "--cache", str(folder / "cache"), "--epochs", "3", *TINY]
    whole = train(parse_arguments([*common, "--out", str(folder / "whole")]))
    cut = [*common, "--out", str(folder / "cut")]
    # Killed in the second epoch: the gradient clipping of its third step raises.
    original, calls = torch.nn.utils.clip_grad_norm_, iter(range(10 ** 6))

    def killing(*arguments, **keywords):
        if next(calls) == 11:
            raise Killed
        return original(*arguments, **keywords)

    torch.nn.utils.clip_grad_norm_ = killing
    try:
        train(parse_arguments(cut))
        raise AssertionError("the run was not killed")
    except Killed:
        pass
    finally:
        torch.nn.utils.clip_grad_norm_ = original
    resumed = train(parse_arguments(cut))
    return all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), resumed.state_dict().values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--golden", type=Path, default=Path("tests/golden/pct_cls"), help="parity case, no extension")
    options = parser.parse_args()
    deviation = parity(options.golden)
    print(f"parity: largest relative deviation {deviation:.1e}")
    with tempfile.TemporaryDirectory() as folder:
        same = resumed_equals_uninterrupted(Path(folder))
    print(f"resumed run {'equals' if same else 'DIFFERS FROM'} the uninterrupted one")
    raise SystemExit(0 if same and deviation < 1e-3 else 1)


if __name__ == "__main__":
    main()
