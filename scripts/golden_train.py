#!/usr/bin/env python3
"""Writes what PyTorch makes of a few steps of training tiny networks: loss, gradients, weights after three AdamW steps.

The networks are the formal definitions in scripts/train, in float64; weights are by formula and not written. A case is
NAME.json (architecture and hyper-parameters) and NAME.safetensors (input, labels and results).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parent / "train"))

import safetensors_io  # noqa: E402
from formula import formula  # noqa: E402

STEPS = 3
# The large epsilon keeps the rounding errors of gradients that are zero out of the weights.
ADAMW = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-4}
WEIGHT_DECAY = 0.05  # of matrices
Tensors = dict[str, np.ndarray]


def set_formula_weights(network: nn.Module) -> None:
    """Gives every tensor its values by formula; queries and keys of PCT share the weight of the keys."""
    state = network.state_dict()
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(torch.from_numpy(formula(name.replace("q_conv", "k_conv"), list(tensor.shape))))


def set_momentum(network: nn.Module) -> None:
    """Gives batch norms the momentum of the native trainer."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.momentum = 0.02


def train(network: nn.Module, forward: Callable[[], Tensor], labels: Tensor) -> Tensors:
    """Takes STEPS steps on one batch; the results of the first and the state after the last."""
    network.train()
    matrices = [p for p in network.parameters() if p.ndim > 1]
    vectors = [p for p in network.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": WEIGHT_DECAY},
                                   {"params": vectors, "weight_decay": 0.0}], **ADAMW)
    results: Tensors = {}
    for step in range(STEPS):
        optimizer.zero_grad()
        logits = forward()
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        if step == 0:
            results["loss"] = np.array([loss.item()], np.float32)
            results["logits"] = logits.detach().float().numpy()
            for name, parameter in network.named_parameters():
                results["gradient." + name] = parameter.grad.float().numpy()
        optimizer.step()
    for name, tensor in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            results["after." + name] = tensor.float().numpy()
    return results


def write(folder: Path, name: str, architecture: str, hyper_parameters: dict, tensors: Tensors) -> None:
    """The tensors are written with the wider types first."""
    case = {"architecture": architecture, "hyper_parameters": hyper_parameters}
    (folder / f"{name}.json").write_text(json.dumps(case, indent=2) + "\n")
    ordered = sorted(tensors.items(), key=lambda item: -item[1].itemsize)
    safetensors_io.save(folder / f"{name}.safetensors", dict(ordered))


def surface(rng: np.random.Generator, count: int) -> np.ndarray:
    """Distinct voxels of a bumpy sheet in random order."""
    side = int(2 * count ** 0.5) + 2
    xy = rng.permutation(side * side)[:count]
    x, y = xy // side, xy % side
    z = np.round(3 + 2 * np.sin(0.4 * x) + rng.integers(0, 2, count))
    return np.stack([x, y, z], 1).astype(np.int32)


class Voxels:
    """Two clouds of voxels with features and labels."""

    def __init__(self, sizes: list[int], channels: int, classes: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.grids = [surface(rng, size) for size in sizes]
        self.grid = np.concatenate(self.grids)
        self.features = rng.uniform(-1, 1, (len(self.grid), channels)).astype(np.float32)
        self.labels = rng.integers(0, classes, len(self.grid)).astype(np.int32)
        self.ends = np.cumsum(sizes).astype(np.int64)

    def tensors(self) -> Tensors:
        return {"in.offset": self.ends, "in.coord": self.grid.astype(np.float32), "in.feat": self.features,
                "in.grid_coord": self.grid, "labels": self.labels}


def ptv3(folder: Path) -> None:
    from ptv3 import PtV3, PtV3Config, geometry

    config = PtV3Config(num_classes=3, in_channels=5, stride=[2], enc_depths=[2, 1], enc_channels=[8, 12],
                        enc_num_head=[2, 2], enc_patch_size=[32, 32], dec_depths=[1], dec_channels=[8], dec_num_head=[1],
                        dec_patch_size=[32])
    voxels = Voxels([90, 50], config.in_channels, config.num_classes, 1)
    network = PtV3(config)
    set_formula_weights(network)
    network.double()
    set_momentum(network)
    where, features = geometry(voxels.grids, config), torch.from_numpy(voxels.features).double()
    results = train(network, lambda: network(features, where), torch.from_numpy(voxels.labels).long())
    write(folder, "ptv3", "ptv3m1", config.to_dict(), {**voxels.tensors(), **results})


def pct(folder: Path) -> None:
    from pct import Group, Pct, PctConfig, geometry

    config = PctConfig(num_classes=3, embed_channels=6, groups=[Group(20, 5, 8), Group(12, 4, 10)], attention_layers=2,
                       qk_channels=4, fuse_channels=14, head_channels=[9, 7])
    rng = np.random.default_rng(2)
    clouds, points = 6, 30
    xyz = rng.normal(size=(clouds, points, 3)).astype(np.float32)
    labels = rng.integers(0, config.num_classes, clouds).astype(np.int32)
    network = Pct(config, dropout=0.0)
    set_formula_weights(network)
    network.double()
    set_momentum(network)
    where = geometry(torch.from_numpy(xyz), config)
    results = train(network, lambda: network(torch.from_numpy(xyz).double(), *where), torch.from_numpy(labels).long())
    ends = np.arange(1, clouds + 1, dtype=np.int64) * points
    write(folder, "pct", "pct_cls", config.to_dict(),
          {"in.offset": ends, "in.xyz": xyz.reshape(-1, 3), "labels": labels, **results})


def litept(folder: Path) -> None:
    from litept import LitePt, LitePtConfig, geometry

    config = LitePtConfig(
        num_classes=3, in_channels=4, stride=[2, 2],
        enc_depths=[1, 1, 2], enc_channels=[12, 12, 12], enc_num_head=[1, 1, 2], enc_patch_size=[32, 24, 16],
        enc_conv=[True, True, False], enc_attn=[False, True, True], enc_rope_freq=[100.0, 50.0, 20.0],
        dec_depths=[1, 0], dec_channels=[12, 12], dec_num_head=[2, 1], dec_patch_size=[32, 24],
        dec_conv=[True, False], dec_attn=[True, False], dec_rope_freq=[30.0, 100.0])
    voxels = Voxels([130, 70], config.in_channels, config.num_classes, 3)
    network = LitePt(config)
    set_formula_weights(network)
    network.double()
    set_momentum(network)
    where, features = geometry(voxels.grids, config), torch.from_numpy(voxels.features).double()
    results = train(network, lambda: network(features, where), torch.from_numpy(voxels.labels).long())
    write(folder, "litept", "litept", config.to_dict(), {**voxels.tensors(), **results})


def volt(folder: Path) -> None:
    from volt import Volt, VoltConfig, geometry

    config = VoltConfig(num_classes=3, in_channels=2, embed_dim=64, depth=1, num_heads=1, up_mlp_dim=6, mlp_ratio=1,
                        init_values=0.5)
    voxels = Voxels([300, 170], config.in_channels, config.num_classes, 4)
    network = Volt(config)
    set_formula_weights(network)
    network.double()
    set_momentum(network)
    where, features = geometry(voxels.grids, config), torch.from_numpy(voxels.features).double()
    results = train(network, lambda: network(features, where), torch.from_numpy(voxels.labels).long())
    write(folder, "volt", "volt", config.to_dict(), {**voxels.tensors(), **results})


CASES = {"litept": litept, "pct": pct, "ptv3": ptv3, "volt": volt}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="such as tests/golden/train")
    parser.add_argument("--only", choices=sorted(CASES), nargs="+", default=sorted(CASES), help="write these cases")
    options = parser.parse_args()
    torch.manual_seed(0)
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.only:
        CASES[name](options.folder)


if __name__ == "__main__":
    main()
