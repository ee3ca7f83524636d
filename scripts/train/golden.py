"""The parity check of the network against the reference outputs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

import safetensors_io
from formula import formula
from pct import Pct, PctConfig, geometry


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
