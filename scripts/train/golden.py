"""Weights by formula and the parity check of the network against the reference outputs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

import safetensors_io
from pct import Pct, PctConfig, geometry

MASK = (1 << 64) - 1


def formula(name: str, shape: list[int], salt: str = "") -> np.ndarray:
    """Weight tensor of the parity data: splitmix64 of an FNV-1a hash of its name, scaled by its role."""
    h = 0xCBF29CE484222325
    for byte in (salt + name).encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    with np.errstate(over="ignore"):
        z = np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64((h + 0x9E3779B97F4A7C15) & MASK)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    u = ((z >> np.uint64(40)).astype(np.float32) / np.float32(8388608) - np.float32(1)).reshape(shape)
    role = name.rsplit(".", 1)[-1]
    if role == "running_var":
        return np.float32(1) + np.float32(0.5) * u
    if role in ("running_mean", "bias"):
        return np.float32(0.1) * u
    if len(shape) == 1:
        return np.float32(1) + np.float32(0.25) * u
    return u * np.float32(np.sqrt(3.0 / int(np.prod(shape[1:]))))


def parity(case: Path) -> float:
    """Largest deviation of the logits from the reference, relative to the largest logit.

    About 2e-4 in case `pct_cls`: its third cloud has two points whose distances to a third differ by rounding only,
    and the reference, which expands |p - q|^2, picks the other one. With the same choice it is below 1e-6.
    """
    description = json.loads(case.with_suffix(".json").read_text())
    data = safetensors_io.load(case.with_suffix(".safetensors"))
    config = PctConfig(num_classes=description["config"]["num_classes"], norm_eps=description["config"]["norm_eps"])
    weights = {name: torch.from_numpy(formula(name.replace("q_conv", "k_conv"), shape, description["weights_salt"]))
               for name, shape in description["tensors"].items()}
    network = Pct(config).eval()
    missing, unexpected = network.load_state_dict(weights, strict=False)
    if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
        raise ValueError(f"tensor names differ: missing {missing}, unexpected {unexpected}")
    xyz = torch.from_numpy(data["in.xyz"].copy())
    indices = geometry(xyz, config)
    if not np.array_equal(indices.sampled_1.numpy(), data["fps512"]):
        raise ValueError("farthest point sampling differs")
    with torch.no_grad():
        logits = network(xyz, *indices).numpy()
    return float(np.abs(logits - data["out.logits"]).max() / np.abs(data["out.logits"]).max())
