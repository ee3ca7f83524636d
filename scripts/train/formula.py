"""Weights by formula, in which the parity data is written (NumPy alone)."""

from __future__ import annotations

import numpy as np

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
    if role in ("running_mean", "bias", "mask_token"):
        return np.float32(0.1) * u
    if role == "gamma":
        return np.float32(0.5) + np.float32(0.25) * u
    if role == "rpe_table":
        return np.float32(0.5) * u
    if len(shape) == 1:
        return np.float32(1) + np.float32(0.25) * u
    return u * np.float32(np.sqrt(3.0 / int(np.prod(shape[1:]))))
