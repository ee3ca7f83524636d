#!/usr/bin/env python3
"""Parity of ptv3.py with the reference outputs whose weights are formulas (see golden.py).

The reference outputs were made with orders shuffled at every pooling, by an unknown seed. Which orders each stage had is
found by trying them all against the recorded mean of the stage's last block; the logits then have to agree.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
import torch

import safetensors_io
from formula import formula
from ptv3 import ORDERS, PtV3, PtV3Config, geometry, serialise

CASES = ("ptv3_small_seg", "ptv3_batch2_seg", "ptv3_fewer_points_than_patch")


def find_orders(network: PtV3, features: torch.Tensor, grids: list[np.ndarray],
                data: dict[str, np.ndarray]) -> list[list[str]]:
    """Orders of each stage, in turn the permutation whose mean of the stage's output is nearest to the reference."""
    means: dict[int, float] = {}
    depths = network.config.enc_depths
    for s, depth in enumerate(depths):
        getattr(getattr(network.enc, f"enc{s}"), f"block{depth - 1}").register_forward_hook(
            lambda module, inputs, output, s=s: means.__setitem__(s, float(output.double().mean())))
    orders = [list(ORDERS) for _ in depths]
    for s, depth in enumerate(depths):
        wanted = float(data[f"sum.enc.enc{s}.block{depth - 1}"][0])
        deviations = {}
        for names in itertools.permutations(ORDERS, min(depth, len(ORDERS))):
            orders[s] = [*names, *(name for name in ORDERS if name not in names)]
            network(features, geometry(grids, network.config, orders, shared_patch=True))
            deviations[tuple(orders[s])] = abs(means[s] - wanted)
        orders[s] = list(min(deviations, key=deviations.get))
    return orders


def parity(case: Path) -> float:
    """Largest deviation of the logits from the reference, relative to the largest logit; the codes must be equal."""
    description = json.loads(case.with_suffix(".json").read_text())
    data = safetensors_io.load(case.with_suffix(".safetensors"))
    weights = {name: torch.from_numpy(formula(name, shape, description["weights_salt"]))
               for name, shape in description["tensors"].items()}
    config = PtV3Config.from_dict({**description["config"], "num_classes": len(weights["seg_head.bias"])})
    network = PtV3(config).eval()
    missing, unexpected = network.load_state_dict(weights, strict=False)
    if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
        raise ValueError(f"tensor names differ: missing {missing}, unexpected {unexpected}")
    grid, ends = data["in.grid_coord"], data["in.offset"]
    batch = np.searchsorted(ends, np.arange(len(grid)), side="right")
    depth = int(grid.max() + 1).bit_length()
    codes = np.stack([serialise(grid, batch, depth, order) for order in ORDERS])
    if not np.array_equal(codes, data["serialized_code"]):
        raise ValueError("serialisation codes differ")
    features, grids = torch.from_numpy(data["in.feat"].copy()), np.split(grid, ends[:-1])
    with torch.no_grad():
        orders = find_orders(network, features, grids, data)
        logits = network(features, geometry(grids, config, orders, shared_patch=True)).numpy()
    print(f"{case.name}: " + " | ".join(" ".join(names[:depth]) for names, depth in zip(orders, config.enc_depths)))
    return float(np.abs(logits - data["out.logits"]).max() / np.abs(data["out.logits"]).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--golden", type=Path, required=True, help="folder of the parity data")
    options = parser.parse_args()
    deviations = {case: parity(options.golden / case) for case in CASES}
    for case, deviation in deviations.items():
        print(f"{case}: {deviation:.2e}")
    if max(deviations.values()) > 1e-4:
        raise SystemExit("parity fails")


if __name__ == "__main__":
    main()
