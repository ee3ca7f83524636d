"""LitePT (Yue et al. 2026) under the key names of the public implementation, plainly: an oracle for the native trainer.

Convolution in the early stages, attention with a rotary encoding of the voxel coordinates in the late ones. What depends
on the voxels alone is computed once with numpy, as in ptv3.py.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptv3 import (ORDERS, Mlp, Neighbours, Patches, SegmentMax, SubmanifoldConvolution, Up, attend, batch_norm, neighbours,
                  patches_of, serialise)


@dataclass
class LitePtConfig:
    num_classes: int
    in_channels: int
    enc_depths: list[int]
    enc_channels: list[int]
    enc_num_head: list[int]
    enc_patch_size: list[int]
    enc_conv: list[bool]
    enc_attn: list[bool]
    enc_rope_freq: list[float]
    dec_depths: list[int]
    dec_channels: list[int]
    dec_num_head: list[int]
    dec_patch_size: list[int]
    dec_conv: list[bool]
    dec_attn: list[bool]
    dec_rope_freq: list[float]
    order: list[str] = field(default_factory=lambda: list(ORDERS))
    stride: list[int] = field(default_factory=list)

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass
class Stage:
    """One resolution: cells, neighbours inside a 3^3 cube, patches per order, children and parents."""

    cells: Tensor  # [n, 3]
    near: Neighbours
    patches: list[Patches]
    children: Tensor | None  # [n, most], padded with the number of finer voxels
    parent: Tensor | None  # row of each finer voxel's parent


@dataclass
class Geometry:
    stages: list[Stage]
    stem: Neighbours  # inside a 5^3 cube


def coarser(grid: np.ndarray, batch: np.ndarray, stride: int) -> tuple[np.ndarray, np.ndarray, Tensor, Tensor]:
    """Cells of grid / stride in lexicographic order, their clouds, their children and the parent of each voxel."""
    cells, parent = np.unique(np.concatenate([batch[:, None], grid // stride], 1), axis=0, return_inverse=True)
    parent = parent.reshape(-1)
    counts = np.bincount(parent)
    children = np.full((len(cells), counts.max()), len(grid), np.int64)
    rank = np.argsort(parent, kind="stable")
    start = np.concatenate([[0], np.cumsum(counts)[:-1]])
    children[parent[rank], np.arange(len(grid)) - start[parent[rank]]] = rank
    return cells[:, 1:], cells[:, 0], torch.from_numpy(children), torch.from_numpy(parent)


def geometry(grids: list[np.ndarray], config: LitePtConfig) -> Geometry:
    """Everything the network needs to know of a batch of clouds, each [n, 3] of distinct voxels, least 0."""
    grid = np.concatenate(grids).astype(np.int64)
    batch = np.repeat(np.arange(len(grids)), [len(g) for g in grids])
    stem = neighbours(grid, batch, 5)
    stages: list[Stage] = []
    children, parent = None, None
    for level, patch in enumerate(config.enc_patch_size):
        if level:
            grid, batch, children, parent = coarser(grid, batch, config.stride[level - 1])
        patches: list[Patches] = []
        attends = config.enc_attn[level] or (level < len(config.dec_depths) and config.dec_attn[level])
        if attends:
            depth = int(grid.max() + 1).bit_length()
            counts = np.bincount(batch, minlength=len(grids))
            patches = [patches_of(np.argsort(serialise(grid, batch, depth, name)), counts, patch) for name in config.order]
        stages.append(Stage(torch.from_numpy(grid), neighbours(grid, batch, 3), patches, children, parent))
    return Geometry(stages, stem)


def rotate(x: Tensor, cells: Tensor, base: float) -> Tensor:
    """PointROPE: x [..., t, d] of heads [u_x v_x u_y v_y u_z v_z], cells [..., t, 3]."""
    quarter = x.shape[-1] // 6
    frequency = base ** (-torch.arange(quarter, dtype=x.dtype) / quarter)
    parts = []
    for axis in range(3):
        angle = cells[..., axis, None] * frequency
        u, v = x[..., 2 * axis * quarter:2 * (axis + 1) * quarter].chunk(2, -1)
        parts += [u * angle.cos() - v * angle.sin(), v * angle.cos() + u * angle.sin()]
    return torch.cat(parts, -1)


class Attention(nn.Module):
    def __init__(self, channels: int, heads: int, base: float) -> None:
        super().__init__()
        self.heads, self.base = heads, base
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor, cells: Tensor, patches: Patches) -> Tensor:
        rows, width = self.qkv(x).index_select(0, patches.into), x.shape[1] // self.heads
        where = cells.index_select(0, patches.into).to(x.dtype)
        results, begin = [], 0
        for count, size in patches.groups:
            part = rows[begin:begin + count * size].view(count, size, 3, self.heads, width)
            near = where[begin:begin + count * size].view(count, 1, size, 3)
            q, k, v = part.permute(2, 0, 3, 1, 4).unbind(0)
            q, k = rotate(q, near, self.base), rotate(k, near, self.base)
            results.append(attend(q, k, v).transpose(1, 2).reshape(count * size, -1))
            begin += count * size
        return self.proj(torch.cat(results).index_select(0, patches.back))


class Block(nn.Module):
    """Convolution, or a norm in its place; attention and perceptron where the stage has them."""

    def __init__(self, channels: int, heads: int, conv: bool, attn: bool, base: float) -> None:
        super().__init__()
        if conv:
            self.conv = nn.ModuleList([SubmanifoldConvolution(channels, channels, 3, True), nn.Linear(channels, channels),
                                       nn.LayerNorm(channels)])
        else:
            self.norm0 = nn.ModuleList([nn.LayerNorm(channels)])
        self.has_conv, self.has_attn = conv, attn
        if attn:
            self.norm1 = nn.ModuleList([nn.LayerNorm(channels)])
            self.attn = Attention(channels, heads, base)
            self.norm2 = nn.ModuleList([nn.LayerNorm(channels)])
            self.mlp = nn.ModuleList([Mlp(channels)])

    def forward(self, x: Tensor, stage: Stage, order: int) -> Tensor:
        if self.has_conv:
            x = x + self.conv[2](self.conv[1](self.conv[0](x, stage.near)))
        else:
            x = self.norm0[0](x)
        if self.has_attn:
            x = x + self.attn(self.norm1[0](x), stage.cells, stage.patches[order % len(stage.patches)])
            x = x + self.mlp[0](self.norm2[0](x))
        return x


class Down(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, out)
        self.norm = nn.ModuleList([batch_norm(out)])

    def forward(self, x: Tensor, children: Tensor) -> Tensor:
        return F.gelu(self.norm[0](SegmentMax.apply(self.proj(x), children)))


class LitePt(nn.Module):
    """Logits [n, classes] of features [n, in_channels] of the voxels whose geometry is given."""

    def __init__(self, config: LitePtConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.enc_channels
        self.embedding = nn.Module()
        self.embedding.stem = nn.ModuleDict({"conv": SubmanifoldConvolution(config.in_channels, channels[0], 5, False),
                                             "norm": batch_norm(channels[0])})
        self.enc, self.dec = nn.Module(), nn.Module()
        for s in range(len(channels)):
            stage = self.stage("enc", s)
            if s:
                stage.down = Down(channels[s - 1], channels[s])
            self.enc.add_module(f"enc{s}", stage)
        below = channels[-1]
        for s in reversed(range(len(config.dec_depths))):
            stage = self.stage("dec", s)
            stage.up = Up(below, channels[s], config.dec_channels[s])
            below = config.dec_channels[s]
            self.dec.add_module(f"dec{s}", stage)
        self.seg_head = nn.Linear(below, config.num_classes)

    def stage(self, side: str, s: int) -> nn.Module:
        def value(name: str):
            return getattr(self.config, f"{side}_{name}")[s]

        module = nn.Module()
        for i in range(value("depths")):
            module.add_module(f"block{i}", Block(value("channels"), value("num_head"), value("conv"), value("attn"),
                                                 value("rope_freq")))
        return module

    def forward(self, features: Tensor, where: Geometry) -> Tensor:
        config, stem = self.config, self.embedding.stem
        x = F.gelu(stem["norm"](stem["conv"](features, where.stem)))
        skips = []
        for s, stage in enumerate(where.stages):
            module = getattr(self.enc, f"enc{s}")
            if s:
                skips.append(x)
                x = module.down(x, stage.children)
            for i in range(config.enc_depths[s]):
                x = getattr(module, f"block{i}")(x, stage, i)
        for s in reversed(range(len(config.dec_depths))):
            module = getattr(self.dec, f"dec{s}")
            x, _ = module.up(x, skips[s], where.stages[s + 1].parent)
            for i in range(config.dec_depths[s]):
                x = getattr(module, f"block{i}")(x, where.stages[s], i)
        return self.seg_head(x)
