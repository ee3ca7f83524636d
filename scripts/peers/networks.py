"""Networks and clouds that the peers run: a model folder, or a parity case whose weights are a formula."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "train"))

import safetensors_io  # noqa: E402
from formula import formula  # noqa: E402


def read_network(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """Configuration and tensors of a model folder or of a parity case's JSON file."""
    if path.is_dir():
        config = json.loads((path / "config.json").read_text())["hyper_parameters"]
        stored = safetensors_io.load(path / "model.safetensors")  # often halves
        return config, {name: tensor.astype(np.float32) for name, tensor in stored.items()}
    case = json.loads(path.read_text())
    tensors = {name: formula(name.replace("q_conv", "k_conv"), shape, case["weights_salt"])
               for name, shape in case["tensors"].items()}
    return case["config"], tensors


def read_cloud(path: Path) -> np.ndarray:
    """The first cloud of `in.xyz`, [n, 3]."""
    xyz = safetensors_io.load(path)["in.xyz"]
    return np.ascontiguousarray(xyz.reshape(-1, *xyz.shape[-2:])[0])
