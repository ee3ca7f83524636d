"""Volt (Yilmaz et al. 2026) under the key names of the public implementation, plainly: an oracle for the native trainer.

A linear tokenizer of cells of K^3 voxels, Transformer blocks with attention over all tokens of a cloud, and one transposed
convolution back to the voxels.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEAD = 64  # channels of a head, 32 complex pairs: 12 turn with x, 12 with y, 8 with z
PAIRS = (12, 12, 8)
NORM_EPS = 1e-3  # of the batch norms


@dataclass
class VoltConfig:
    num_classes: int
    in_channels: int
    embed_dim: int
    depth: int
    num_heads: int
    up_mlp_dim: int
    mlp_ratio: float = 4
    init_values: float | None = None
    qk_norm: bool = True
    stride: int = 5
    kernel_size: int = 5

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass
class Geometry:
    cells: Tensor  # [tokens, 3]
    ends: list[int]  # token behind the last of each cloud
    token: Tensor  # [n] of each voxel
    slot: Tensor  # [n] of each voxel in its token


def geometry(grids: list[np.ndarray], config: VoltConfig) -> Geometry:
    """Tokens in lexicographic (cloud, x, y, z) order."""
    size = config.kernel_size
    grid = np.concatenate(grids).astype(np.int64)
    batch = np.repeat(np.arange(len(grids)), [len(g) for g in grids])
    cells, token = np.unique(np.concatenate([batch[:, None], grid // size], 1), axis=0, return_inverse=True)
    offset = grid % size
    slot = (offset[:, 0] * size + offset[:, 1]) * size + offset[:, 2]
    ends = np.cumsum(np.bincount(cells[:, 0], minlength=len(grids))).tolist()
    return Geometry(torch.from_numpy(cells[:, 1:]), ends, torch.from_numpy(token.reshape(-1)), torch.from_numpy(slot))


def turn(x: Tensor, cells: Tensor) -> Tensor:
    """Rotary encoding of x [h, t, 64] by the integer cells [t, 3] of the tokens."""
    angles = [cells[:, axis, None].to(x.dtype) * 100 ** -torch.linspace(0, 1, count, dtype=x.dtype)
              for axis, count in enumerate(PAIRS)]
    angle = torch.cat(angles, 1)
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = even * angle.cos() - odd * angle.sin(), odd * angle.cos() + even * angle.sin()
    return torch.stack(turned, -1).flatten(-2)


class Attention(nn.Module):
    def __init__(self, config: VoltConfig) -> None:
        super().__init__()
        self.heads = config.num_heads
        self.qkv = nn.Linear(config.embed_dim, 3 * config.embed_dim)
        self.proj = nn.Linear(config.embed_dim, config.embed_dim)
        self.q_norm = nn.LayerNorm(HEAD) if config.qk_norm else nn.Identity()
        self.k_norm = nn.LayerNorm(HEAD) if config.qk_norm else nn.Identity()

    def forward(self, x: Tensor, where: Geometry) -> Tensor:
        results, begin = [], 0
        for end in where.ends:
            part, cells = x[begin:end], where.cells[begin:end]
            q, k, v = self.qkv(part).view(len(part), 3, self.heads, HEAD).permute(1, 2, 0, 3)
            q, k = turn(self.q_norm(q), cells), turn(self.k_norm(k), cells)
            weights = torch.softmax(q @ k.transpose(1, 2) / HEAD ** 0.5, -1)
            results.append((weights @ v).transpose(0, 1).flatten(1))
            begin = end
        return self.proj(torch.cat(results))


class Scale(nn.Module):
    def __init__(self, channels: int, value: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((channels,), value))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma


class Mlp(nn.Module):
    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, config: VoltConfig) -> None:
        super().__init__()
        channels, scale = config.embed_dim, config.init_values
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.attn = Attention(config)
        self.mlp = Mlp(channels, int(channels * config.mlp_ratio))
        self.ls1 = nn.Identity() if scale is None else Scale(channels, scale)
        self.ls2 = nn.Identity() if scale is None else Scale(channels, scale)

    def forward(self, x: Tensor, where: Geometry) -> Tensor:
        x = x + self.ls1(self.attn(self.norm1(x), where))
        return x + self.ls2(self.mlp(self.norm2(x)))


class Unembed(nn.Module):
    """Every voxel takes the channels of its slot."""

    def __init__(self, channels: int, slots: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, slots * channels, bias=False)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, where: Geometry) -> Tensor:
        return self.proj(x).view(len(x), -1, len(self.bias))[where.token, where.slot] + self.bias


class Volt(nn.Module):
    """Logits [n, classes] of features [n, in_channels] of the voxels whose geometry is given."""

    def __init__(self, config: VoltConfig) -> None:
        super().__init__()
        self.config, slots, up = config, config.kernel_size ** 3, config.up_mlp_dim
        self.tokenizer = nn.ModuleDict({"proj": nn.Linear(slots * config.in_channels, config.embed_dim)})
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))

        def norm(channels: int) -> nn.Module:
            return nn.BatchNorm1d(channels, eps=NORM_EPS)

        self.decoder = nn.Module()
        self.decoder.pre = nn.Sequential(norm(config.embed_dim), nn.GELU(), nn.Linear(config.embed_dim, up, bias=False),
                                         norm(up), nn.GELU())
        self.decoder.unembed = Unembed(up, slots)
        self.decoder.post = nn.Sequential(norm(up), nn.GELU())
        self.seg_heads = nn.ModuleDict({"Default": nn.Linear(up, config.num_classes)})

    def forward(self, features: Tensor, where: Geometry) -> Tensor:
        slots = features.new_zeros(len(where.cells), self.config.kernel_size ** 3, features.shape[1])
        slots[where.token, where.slot] = features
        x = self.tokenizer["proj"](slots.flatten(1))
        for block in self.blocks:
            x = block(x, where)
        return self.seg_heads["Default"](self.decoder.post(self.decoder.unembed(self.decoder.pre(x), where)))
