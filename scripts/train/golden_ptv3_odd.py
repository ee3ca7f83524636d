#!/usr/bin/env python3
"""Writes parity cases of Point Transformer V3 in unusual hyper-parameters: outputs of ptv3_plain.py, weights by formula."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import safetensors_io
from formula import formula
from ptv3 import ORDERS, serialise
from ptv3_plain import PlainPtv3, shapes

ROWS = 4  # kept of each layer
MODES = {1: "ptv3m1", 2: "ptv3m2", 3: "ptv3m3"}


def stages(side: str, depths: list[int], channels: list[int], heads: list[int], patch: int | list[int]) -> dict:
    sizes = patch if isinstance(patch, list) else [patch] * len(depths)
    return {f"{side}_depths": depths, f"{side}_channels": channels, f"{side}_num_head": heads,
            f"{side}_patch_size": sizes}


THREE = {**stages("enc", [1, 2, 1], [12, 24, 24], [2, 3, 4], 16), **stages("dec", [1, 1], [12, 24], [1, 2], 16)}
# By name: mode, what the clouds are, hyper-parameters, whether the orders are shuffled.
CASES: dict[str, tuple[int, list[int], dict, bool]] = {
    "one_order": (1, [90], {**THREE, "stride": [2, 2], "order": ["hilbert"], "shuffle_orders": False}, False),
    "order_text": (1, [90], {**THREE, "stride": [2, 2], "order": "z-trans", "shuffle_orders": False}, False),
    "two_orders": (1, [120], {**THREE, "stride": [2, 2], "order": ["z", "z-trans"]}, True),
    "stride4": (1, [200], {**THREE, "stride": [4, 2]}, True),
    "stride1": (1, [60], {**THREE, "stride": [1, 2]}, True),
    "stride_beyond_depth": (1, [30], {**THREE, "stride": [8, 8]}, True),
    "mlp_ratio": (1, [70], {**THREE, "stride": [2, 2], "mlp_ratio": 1.5, "qkv_bias": False}, True),
    "qk_scale": (1, [70], {**THREE, "stride": [2, 2], "qk_scale": 0.7}, True),
    "post_norm": (1, [70], {**THREE, "stride": [2, 2], "pre_norm": False}, True),
    "layer_scale": (1, [70], {**THREE, "stride": [2, 2], "layer_scale": 0.5, "pre_norm": False}, True),
    "rpe_batch": (1, [70, 40, 90], {**THREE, "stride": [2, 2], "enable_rpe": True}, True),
    "batch_of_small": (1, [5, 70, 1], {**THREE, "stride": [2, 2]}, True),
    "one_voxel": (1, [1], {**THREE, "stride": [2, 2]}, True),
    "no_blocks": (1, [90], {**stages("enc", [0, 1, 1], [12, 24, 24], [2, 3, 4], 16),
                            **stages("dec", [0, 2], [12, 24], [1, 2], 16), "stride": [2, 2]}, True),
    "deep_decoder": (1, [150], {**stages("enc", [1, 1], [12, 24], [2, 3], 16), **stages("dec", [6], [12], [1], 16),
                                "stride": [2]}, True),
    "enc_mode": (1, [90], {**stages("enc", [1, 2, 1], [12, 24, 24], [2, 3, 4], 16), "stride": [2, 2],
                           "enc_mode": True}, True),
    "cls_mode": (1, [90], {**stages("enc", [1, 2, 1], [12, 24, 24], [2, 3, 4], 16), "stride": [2, 2],
                           "cls_mode": True}, True),
    "patches": (1, [150], {**stages("enc", [1, 1, 1], [12, 24, 24], [2, 3, 4], [48, 16, 7]),
                           **stages("dec", [1, 1], [12, 24], [1, 2], [48, 16]), "stride": [2, 2]}, True),
    "dec_patches": (1, [150], {**stages("enc", [1, 2, 1], [12, 24, 24], [2, 3, 4], [48, 16, 7]),
                               **stages("dec", [2, 1], [12, 24], [1, 2], [16, 4]), "stride": [2, 2]}, True),
    "dec_patches_across": (1, [150], {**stages("enc", [1, 1, 1], [12, 24, 24], [2, 3, 4], [48, 16, 7]),
                                      **stages("dec", [1, 1], [12, 24], [1, 2], [32, 16]), "stride": [2, 2]}, True),
    "dec_patches_larger": (1, [90], {**stages("enc", [1, 1], [12, 24], [2, 3], 16), **stages("dec", [2], [12], [1], [32]),
                                     "stride": [2]}, True),
    "dec_patches_alone": (1, [150], {**stages("enc", [0, 1, 1], [12, 24, 24], [2, 3, 4], [48, 16, 7]),
                                     **stages("dec", [2, 1], [12, 24], [1, 2], [20, 16]), "stride": [2, 2]}, True),
    "dec_patches_batch": (1, [64, 80, 33], {**stages("enc", [1, 1], [12, 24], [2, 3], [16, 8]),
                                            **stages("dec", [2], [12], [1], [8]), "stride": [2]}, True),
    "m3_dec_patches": (3, [100], {**stages("enc", [1, 1], [12, 24], [2, 2], 32), **stages("dec", [2], [12], [1], [8]),
                                  "stride": [2]}, True),
    "one_stage": (1, [60], {**stages("enc", [3], [12], [2], 16), **stages("dec", [], [], [], []), "stride": []}, True),
    "m2_stride3": (2, [150], {**THREE, "stride": [3, 2], "mask_token": True}, True),
    "m2_rpe": (2, [100], {**THREE, "stride": [2, 2], "enable_rpe": True, "layer_scale": 1e-5}, True),
    "m2_post_norm": (2, [60, 50], {**THREE, "stride": [2, 2], "pre_norm": False, "qkv_bias": False}, True),
    "m2_enc": (2, [60, 50], {**stages("enc", [1, 2, 1], [12, 24, 24], [2, 3, 4], 16), "stride": [2, 2], "enc_mode": True,
                             "layer_scale": 1.0}, True),
    "m3_seg": (3, [100], {**stages("enc", [1, 2, 1], [12, 24, 36], [2, 2, 3], 16),
                          **stages("dec", [2, 1], [12, 24], [1, 2], 16), "stride": [2, 2], "rope_base": 100}, True),
    "m3_batch": (3, [100, 33], {**stages("enc", [1, 2, 1], [12, 24, 36], [2, 2, 3], 16), "stride": [2, 2],
                                "enc_mode": True, "layer_scale": 1.0, "mlp_ratio": 2}, True),
}


def surface(rng: np.random.Generator, count: int) -> np.ndarray:
    """Distinct voxels of a bumpy sheet; least 0."""
    side = max(4, int(count ** 0.5 * 1.6))
    xy = rng.permutation(side * side)[:count]
    x, y = xy // side, xy % side
    z = (3 + 3 * np.sin(x * 0.7) * np.cos(y * 0.4)).astype(np.int64)
    grid = np.stack([x, y, z], 1)
    return (grid - grid.min(0)).astype(np.int32)


def write_case(name: str, folder: Path, classes: int = 5) -> None:
    mode, counts, config, shuffled = CASES[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    encodes = config.get("enc_mode") or config.get("cls_mode")
    config = {"in_channels": 4, **config}
    plain = {**config, "enc_mode": encodes}
    plain["order"] = [config["order"]] if isinstance(config.get("order"), str) else config.get("order", list(ORDERS))
    tensors = shapes(plain, mode, 0 if encodes else classes)
    weights = {key: torch.from_numpy(formula(key, shape)) for key, shape in tensors.items()}
    orders = [rng.permutation(plain["order"]).tolist() if shuffled else plain["order"] for _ in config["enc_depths"]]
    grid = np.concatenate([surface(rng, count) for count in counts])
    coord = (grid * 0.02 + rng.uniform(0, 0.02, grid.shape)).astype(np.float32)
    features = rng.uniform(-1, 1, (len(grid), config["in_channels"])).astype(np.float32)
    ends = np.cumsum(counts)
    network = PlainPtv3(plain, mode, weights, orders)
    with torch.no_grad():
        out, where = network(torch.from_numpy(coord), grid, torch.from_numpy(features), ends)
    batch = np.searchsorted(ends, np.arange(len(grid)), side="right")
    depth = int(grid.max() + 1).bit_length()
    data = {"serialized_code": np.stack([serialise(grid, batch, depth, order) for order in ORDERS]),
            "in.coord": coord, "in.grid_coord": grid, "in.feat": features, "in.offset": ends.astype(np.int32)}
    data |= {"out.feat": out.float().numpy(), "out.coord": where.float().numpy()} if encodes else {
        "out.logits": out.float().numpy()}
    for key, rows in network.layers.items():
        data[f"act.{key}"] = np.ascontiguousarray(rows[:ROWS].float().numpy())
        data[f"sum.{key}"] = np.array([rows.mean(), rows.std(), rows.abs().max(), len(rows)], np.float32)
    safetensors_io.save(folder / f"{name}.safetensors", data)
    text = json.dumps({"architecture": MODES[mode], "config": config, "grid_size": 0.02, "weights_salt": "",
                       "note": "made by scripts/train/golden_ptv3_odd.py", "tensors": tensors})
    (folder / f"{name}.json").write_text(text + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("tests/golden/ptv3_odd"), help="folder of the cases")
    parser.add_argument("names", nargs="*", help="cases to write; none: all")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or CASES:
        write_case(name, options.out)


if __name__ == "__main__":
    main()
