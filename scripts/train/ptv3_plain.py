"""Point Transformer V3 in all three modes (base, Sonata, Utonia), step by step as the public code says and in float64.

Slow, dense and without training: a second opinion for the native engine, from the weights' names alone. Sampled networks
of unusual hyper-parameters are compared by golden_ptv3_odd.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ptv3 import ORDERS, serialise

LAYER_NORM_EPS = 1e-5
DEFAULTS: dict[str, Any] = {"order": list(ORDERS), "enc_mode": False, "enable_rpe": False, "layer_scale": None,
                            "mask_token": False, "qkv_bias": True, "qk_scale": None, "mlp_ratio": 4, "pre_norm": True,
                            "rope_base": 10, "norm_eps": 1e-3}


def relative_bound(patch_size: int) -> int:
    """Largest difference of cells that a relative table tells apart."""
    return int((4 * patch_size) ** (1 / 3) * 2)


def shapes(config: dict, mode: int, classes: int = 0) -> dict[str, list[int]]:
    """Names and shapes of the weights."""
    config = {**DEFAULTS, **config}
    names: dict[str, list[int]] = {}

    def linear(name: str, inputs: int, outputs: int, bias: bool = True) -> None:
        names[name + ".weight"] = [outputs, inputs]
        if bias:
            names[name + ".bias"] = [outputs]

    def norm(name: str, channels: int, batch: bool) -> None:
        for part in ("weight", "bias", "running_mean", "running_var")[:4 if batch else 2]:
            names[f"{name}.{part}"] = [channels]

    def blocks(side: str, s: int) -> None:
        c, heads = config[f"{side}_channels"][s], config[f"{side}_num_head"][s]
        for i in range(config[f"{side}_depths"][s]):
            name = f"{side}.{side}{s}.block{i}."
            names[name + "cpe.0.weight"], names[name + "cpe.0.bias"] = [c, 3, 3, 3, c], [c]
            linear(name + "cpe.1", c, c)
            norm(name + "cpe.2", c, False)
            norm(name + "norm1.0", c, False)
            linear(name + "attn.qkv", c, 3 * c, config["qkv_bias"])
            linear(name + "attn.proj", c, c)
            if config["enable_rpe"]:
                bound = relative_bound(config[f"{side}_patch_size"][s])
                names[name + "attn.rpe.rpe_table"] = [3 * (2 * bound + 1), heads]
            norm(name + "norm2.0", c, False)
            linear(name + "mlp.0.fc1", c, int(c * config["mlp_ratio"]))
            linear(name + "mlp.0.fc2", int(c * config["mlp_ratio"]), c)
            if config["layer_scale"]:
                names[name + "ls1.0.gamma"] = names[name + "ls2.0.gamma"] = [c]

    base, channels = mode == 1, config["enc_channels"]
    if base:
        names["embedding.stem.conv.weight"] = [channels[0], 5, 5, 5, config["in_channels"]]
    else:
        linear("embedding.stem.linear", config["in_channels"], channels[0])
    norm("embedding.stem.norm", channels[0], base)
    if config["mask_token"]:
        names["embedding.mask_token"] = [1, channels[0]]
    for s, c in enumerate(channels):
        if s:
            linear(f"enc.enc{s}.down.proj", channels[s - 1], c)
            norm(f"enc.enc{s}.down.norm.0", c, base)
        blocks("enc", s)
    width = channels[-1]
    if not config["enc_mode"]:
        for s in reversed(range(len(channels) - 1)):
            c = config["dec_channels"][s]
            for name, inputs in (("proj", width), ("proj_skip", channels[s])):
                linear(f"dec.dec{s}.up.{name}.0", inputs, c)
                norm(f"dec.dec{s}.up.{name}.1", c, base)
            blocks("dec", s)
            width = c
    if classes:
        linear("seg_head", width, classes)
    return names


class Level:
    """The voxels of one resolution, in the order in which the public code has them."""

    def __init__(self, grid: np.ndarray, batch: np.ndarray, coord: Tensor, depth: int, orders: list[str]):
        self.grid, self.batch, self.coord, self.depth = grid, batch, coord, depth
        self.codes = [serialise(grid, batch, depth, name) for name in orders]
        self.order = [np.argsort(code) for code in self.codes]
        self.counts = np.bincount(batch)
        self.padding: np.ndarray | None = None  # as the first attention of this level cuts it

    def pad(self, patch: int) -> np.ndarray:
        """Places of the order, the last patch of every cloud filled up from the one before.

        The public code keeps what the first block of a level computes, the decoder's blocks use it again.
        """
        if self.padding is None:
            parts, begin = [], 0
            for n in self.counts.tolist():
                places = np.arange(n)
                if n > patch and n % patch:
                    last = n // patch * patch
                    places = np.concatenate([places, np.arange(last - patch + n % patch, last)])
                parts.append(places + begin)
                begin += n
            self.padding = np.concatenate(parts)
        return self.padding

    def neighbours(self, size: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Rows that have a neighbour at each offset of a cube, and those neighbours."""
        rows = {(b, *cell): i for i, (b, cell) in enumerate(zip(self.batch.tolist(), self.grid.tolist()))}
        pairs, reach = [], size // 2
        for k in range(size ** 3):
            dx, dy, dz = k // size ** 2 - reach, k // size % size - reach, k % size - reach
            found = [(i, rows[near]) for (b, x, y, z), i in rows.items() if (near := (b, x + dx, y + dy, z + dz)) in rows]
            pairs.append(tuple(np.array(side, np.int64) for side in zip(*found)) if found else (np.zeros(0, np.int64),) * 2)
        return pairs


class PlainPtv3:
    """Runs a network of `weights` by name. `layers` holds what every named layer gave, in the public order of rows."""

    def __init__(self, config: dict, mode: int, weights: dict[str, Tensor], stage_orders: list[list[str]] | None = None):
        self.config, self.mode, self.w = {**DEFAULTS, **config}, mode, {k: v.double() for k, v in weights.items()}
        stages = len(self.config["enc_depths"])
        self.stage_orders = stage_orders or [self.config["order"]] * stages
        self.layers: dict[str, Tensor] = {}

    def linear(self, name: str, x: Tensor) -> Tensor:
        return F.linear(x, self.w[name + ".weight"], self.w.get(name + ".bias"))

    def layer_norm(self, name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[1:], self.w[name + ".weight"], self.w[name + ".bias"], LAYER_NORM_EPS)

    def norm(self, name: str, x: Tensor) -> Tensor:
        if self.mode != 1:
            return self.layer_norm(name, x)
        return F.batch_norm(x, self.w[name + ".running_mean"], self.w[name + ".running_var"], self.w[name + ".weight"],
                            self.w[name + ".bias"], eps=self.config["norm_eps"])

    def convolution(self, name: str, x: Tensor, level: Level) -> Tensor:
        weight = self.w[name + ".weight"]
        out = torch.zeros(len(x), len(weight), dtype=x.dtype)
        for k, (to, source) in enumerate(level.neighbours(weight.shape[1])):
            out.index_add_(0, torch.from_numpy(to), x[torch.from_numpy(source)] @ weight.flatten(1, 3)[:, k].T)
        return out + self.w[name + ".bias"] if name + ".bias" in self.w else out

    def rotated(self, x: Tensor, coord: Tensor) -> Tensor:
        """x [patches, heads, t, d]; coord [patches, t, 3]."""
        chunk, parts = x.shape[-1] // 3, []
        frequency = self.config["rope_base"] ** (-torch.arange(0, chunk, 2, dtype=x.dtype) / chunk)
        for axis in range(3):
            angle = coord[:, None, :, axis, None] * frequency
            cos, sin = angle.cos().repeat(1, 1, 1, 2), angle.sin().repeat(1, 1, 1, 2)
            part = x[..., axis * chunk:(axis + 1) * chunk]
            turned = torch.cat([-part[..., chunk // 2:], part[..., :chunk // 2]], -1)
            parts.append(part * cos + turned * sin)
        return torch.cat(parts, -1)

    def attention(self, name: str, x: Tensor, level: Level, order: np.ndarray, heads: int, patch: int) -> Tensor:
        n, c = x.shape
        # Without flash attention no patch exceeds the smallest cloud.
        size = min(int(level.counts.min()), patch)
        pad = order[level.pad(size)]
        if len(pad) % size:
            raise ValueError("the decoder's patches do not divide the encoder's")
        rows = torch.from_numpy(pad.copy())
        q, k, v = self.linear(name + "qkv", x)[rows].reshape(-1, size, 3, heads, c // heads).permute(2, 0, 3, 1, 4)
        if self.mode == 3:
            coord = level.coord[rows].reshape(-1, size, 3)
            q, k = self.rotated(q, coord), self.rotated(k, coord)
        scores = (q * (self.config["qk_scale"] or (c // heads) ** -0.5)) @ k.transpose(-2, -1)
        if self.config["enable_rpe"]:
            bound = relative_bound(patch)
            cells = torch.from_numpy(level.grid[pad].reshape(-1, size, 3))
            steps = (cells[:, :, None] - cells[:, None]).clamp(-bound, bound) + bound
            steps = steps + torch.arange(3) * (2 * bound + 1)
            scores = scores + self.w[name + "rpe.rpe_table"][steps].sum(3).permute(0, 3, 1, 2)
        out = (scores.softmax(-1) @ v).transpose(1, 2).reshape(-1, c)
        first = np.full(n, -1)  # a voxel's own place comes before those that borrow it
        first[pad[::-1]] = np.arange(len(pad))[::-1]
        return self.linear(name + "proj", out[torch.from_numpy(first)])

    def block(self, name: str, x: Tensor, level: Level, order: np.ndarray, heads: int, patch: int,
              conv_input: Tensor) -> Tensor:
        pre = self.config["pre_norm"]

        def branch(x: Tensor, norm: str, scale: str, layer) -> Tensor:
            y = layer(self.layer_norm(norm, x) if pre else x)
            y = x + (y * self.w[scale] if self.config["layer_scale"] else y)
            return y if pre else self.layer_norm(norm, y)

        x = x + self.layer_norm(name + "cpe.2", self.linear(name + "cpe.1", self.convolution(name + "cpe.0", conv_input, level)))
        x = branch(x, name + "norm1.0", name + "ls1.0.gamma",
                   lambda y: self.attention(name + "attn.", y, level, order, heads, patch))
        return branch(x, name + "norm2.0", name + "ls2.0.gamma",
                      lambda y: self.linear(name + "mlp.0.fc2", F.gelu(self.linear(name + "mlp.0.fc1", y))))

    def run_blocks(self, side: str, s: int, x: Tensor, level: Level, conv_input: Tensor | None = None) -> Tensor:
        config = self.config
        for i in range(config[f"{side}_depths"][s]):
            name = f"{side}.{side}{s}.block{i}"
            x = self.block(name + ".", x, level, level.order[i % len(level.order)], config[f"{side}_num_head"][s],
                           config[f"{side}_patch_size"][s], x if conv_input is None else conv_input)
            conv_input = None
            self.layers[name] = x
        return x

    def coarser(self, s: int, level: Level) -> tuple[Level, np.ndarray]:
        """The next level and the row in it of each voxel of this one."""
        stride = self.config["stride"][s - 1]
        if self.mode == 1:
            shift = (stride - 1).bit_length()
            shift = 0 if shift > level.depth else shift
            _, first, cluster = np.unique(level.codes[0] >> 3 * shift, return_index=True, return_inverse=True)
            grid, batch, depth = level.grid[first] >> shift, level.batch[first], level.depth - shift
        else:
            cells = np.concatenate([level.batch[:, None], level.grid // stride], 1)
            cells, cluster = np.unique(cells, axis=0, return_inverse=True)
            batch, grid = cells[:, 0], cells[:, 1:]
            depth = int(grid.max() + 1).bit_length()
        cluster = cluster.reshape(-1)
        coord = torch.zeros(len(grid), 3, dtype=level.coord.dtype).index_add_(0, torch.from_numpy(cluster), level.coord)
        coord /= torch.from_numpy(np.bincount(cluster))[:, None]
        return Level(grid, batch, coord, depth, self.stage_orders[s]), cluster

    def __call__(self, coord: Tensor, grid: np.ndarray, features: Tensor, ends: np.ndarray) -> tuple[Tensor, Tensor]:
        """Scores or features, and where their rows are."""
        config, grid = self.config, grid.astype(np.int64)
        batch = np.searchsorted(ends, np.arange(len(grid)), side="right")
        level = Level(grid, batch, coord.double(), int(grid.max() + 1).bit_length(), self.stage_orders[0])
        if self.mode == 1:
            x = self.convolution("embedding.stem.conv", features.double(), level)
        else:
            x = self.linear("embedding.stem.linear", features.double())
        x = self.layers["embedding"] = F.gelu(self.norm("embedding.stem.norm", x))
        skips = []
        for s in range(len(config["enc_depths"])):
            if s:
                fine, skip = level, x
                level, cluster = self.coarser(s, fine)
                index = torch.from_numpy(cluster)[:, None]
                y = self.linear(f"enc.enc{s}.down.proj", x)
                x = torch.full((len(level.grid), y.shape[1]), -torch.inf, dtype=y.dtype)
                x = x.scatter_reduce(0, index.expand_as(y), y, "amax")
                x = self.layers[f"enc.enc{s}.down"] = F.gelu(self.norm(f"enc.enc{s}.down.norm.0", x))
                skips.append((fine, skip, cluster))
            x = self.run_blocks("enc", s, x, level)
        if not config["enc_mode"]:
            for s in reversed(range(len(skips))):
                level, skip, cluster = skips[s]
                up = f"dec.dec{s}.up."
                coarse = F.gelu(self.norm(up + "proj.1", self.linear(up + "proj.0", x)))
                skip = F.gelu(self.norm(up + "proj_skip.1", self.linear(up + "proj_skip.0", skip)))
                x = self.layers[f"dec.dec{s}.up"] = skip + coarse[torch.from_numpy(cluster)]
                # Mode 1 does not refresh its sparse tensor after the sum.
                x = self.run_blocks("dec", s, x, level, skip if self.mode == 1 else None)
        return (self.linear("seg_head", x) if "seg_head.weight" in self.w else x), level.coord
