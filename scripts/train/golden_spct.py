#!/usr/bin/env python3
"""Writes the parity case of SPCT: outputs of spct.py with weights by formula (see golden.py) on two made-up clouds."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import safetensors_io
from formula import formula
from spct import Spct, SpctConfig

POINTS = (256, 150)
CATEGORY = 5
ROWS = 16  # kept of each layer


def made_up_cloud(count: int, seed: int) -> np.ndarray:
    """Points of a box without its lid, in the unit sphere."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (count, 3))
    points[np.arange(count), rng.integers(0, 3, count)] = rng.choice([-1.0, 1.0], count)
    points[:, 2] = np.minimum(points[:, 2], 0.7)
    return (points / np.linalg.norm(points, axis=1).max()).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("tests/golden/spct_partseg.json"), help="the case to write")
    options = parser.parse_args()
    config = SpctConfig()
    network = Spct(config).eval()
    shapes = {name: list(tensor.shape) for name, tensor in network.state_dict().items()
              if not name.endswith("num_batches_tracked")}
    weights = {name: torch.from_numpy(formula(name.replace("q_conv", "k_conv"), shape)) for name, shape in shapes.items()}
    network.load_state_dict(weights, strict=False)
    layers: dict[str, list[np.ndarray]] = {}
    for name in [f"sa{i + 1}" for i in range(config.attention_layers)] + ["conv_fuse"]:
        getattr(network, name).register_forward_hook(
            lambda module, inputs, output, name=name: layers.setdefault(name, []).append(output[0].numpy()))
    clouds = [made_up_cloud(count, seed) for seed, count in enumerate(POINTS)]
    with torch.no_grad():
        logits = [network(torch.from_numpy(cloud)[None], torch.tensor([CATEGORY]))[0].numpy() for cloud in clouds]
    tensors = {"in.offset": np.cumsum(POINTS), "in.category": np.array([CATEGORY]),
               "in.xyz": np.concatenate(clouds), "out.logits": np.concatenate(logits)}
    for name, parts in layers.items():
        rows = np.concatenate(parts)
        tensors[f"act.{name}"] = np.ascontiguousarray(rows[:ROWS])
        tensors[f"sum.{name}"] = np.array([rows.mean(dtype=np.float64), rows.std(ddof=1, dtype=np.float64),
                                           np.abs(rows).max(), len(rows)], np.float32)
    safetensors_io.save(options.out.with_suffix(".safetensors"), tensors)
    description = {"architecture": "spct_partseg", "config": config.to_dict(), "weights_salt": "",
                   "note": "made by scripts/train/golden_spct.py; q_conv.weight is the same tensor as k_conv.weight",
                   "tensors": shapes}
    options.out.write_text(json.dumps(description, indent=1) + "\n")


if __name__ == "__main__":
    main()
