#!/usr/bin/env python3
"""A copy of a PTv3 model in which some weights are as before any training, for a run that begins with the others.

    scripts/train/redraw.py samples/models/aerial WORK/begin 'enc[.]enc[234][.]|enc[.]enc1[.]block|dec[.]dec[23][.]'

Weights whose names begin as the pattern (a regular expression) says are drawn as ptattn-train draws them: matrices and their
biases uniformly within 1 / sqrt(inputs), convolutions normally with a variance of three by their inputs, norms 1 and 0.
Needs numpy.
"""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

import numpy as np

import safetensors_io


def drawn(name: str, tensors: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    shape, matrix = tensors[name].shape, tensors.get(name.rsplit(".", 1)[0] + ".weight")
    if name.endswith(("running_mean", "running_var")):
        return np.full(shape, float(name.endswith("var")))
    if len(shape) > 2:  # [out, x, y, z, in]
        return np.clip(rng.standard_normal(shape), -2, 2) * np.sqrt(3 / np.prod(shape[1:]))
    if len(shape) == 2 or (name.endswith(".bias") and matrix is not None and matrix.ndim == 2):
        return rng.uniform(-1, 1, shape) / np.sqrt(matrix.shape[1])
    return np.full(shape, float(name.endswith(".weight")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path, help="folder, made")
    parser.add_argument("pattern", type=re.compile, help="of names of weights")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    tensors, rng = safetensors_io.load(options.model / "model.safetensors"), np.random.default_rng(options.seed)
    chosen = [name for name in tensors if options.pattern.match(name)]
    if not chosen:
        parser.error("no weight has such a name")
    made = {name: tensors[name].astype(np.float32) for name in tensors}
    made |= {name: np.ascontiguousarray(drawn(name, tensors, rng), dtype=np.float32) for name in chosen}
    options.output.mkdir(parents=True, exist_ok=True)
    shutil.copy(options.model / "config.json", options.output)
    safetensors_io.save(options.output / "model.safetensors", made)
    print(f"{len(chosen)} of {len(tensors)} tensors drawn anew")


if __name__ == "__main__":
    main()
