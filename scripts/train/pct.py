"""PCT classification network (Guo et al. 2021), in the layout of the public PyTorch implementation.

Parameters carry the key names and shapes of that implementation, so that its checkpoints load as they are.
Activations are rows, [cloud, point, channel], and every 1x1 convolution is a matrix product.
The geometry (which points are sampled, which are neighbours) is an input: see `geometry`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass
class Group:
    """One sampling-and-grouping stage: sampled points, neighbours of each, output channels."""

    points: int
    neighbors: int
    channels: int


@dataclass
class PctConfig:
    """Widths of the network; the defaults are those of the published network."""

    num_classes: int = 40
    norm_eps: float = 1e-5
    embed_channels: int = 64
    groups: list[Group] = field(default_factory=lambda: [Group(512, 32, 128), Group(256, 32, 256)])
    attention_layers: int = 4
    qk_channels: int = 64
    fuse_channels: int = 1024
    head_channels: list[int] = field(default_factory=lambda: [512, 256])

    def to_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict) -> "PctConfig":
        return PctConfig(**{**values, "groups": [Group(**g) for g in values["groups"]]})


class Geometry(NamedTuple):
    """Indices of both grouping stages: sampled [B, M] and their neighbours [B, M, K], int64."""

    sampled_1: Tensor
    neighbors_1: Tensor
    sampled_2: Tensor
    neighbors_2: Tensor


def farthest_points(xyz: Tensor, count: int, start: Tensor) -> Tensor:
    """Farthest point sampling: [B, N, 3], first index [B] -> indices [B, count]; the lowest index wins ties."""
    axes = xyz.unbind(-1)
    rows = torch.arange(len(xyz))
    nearest = torch.full(xyz.shape[:2], float("inf"))
    picked = torch.empty(len(xyz), count, dtype=torch.long)
    current = start
    for i in range(count):
        picked[:, i] = current
        distance = torch.zeros_like(nearest)
        for axis in axes:
            offset = axis - axis[rows, current].unsqueeze(1)
            distance.addcmul_(offset, offset)
        torch.minimum(nearest, distance, out=nearest)
        current = nearest.argmax(1)
    return picked


def nearest_points(queries: Tensor, xyz: Tensor, count: int, stable: bool = True) -> Tensor:
    """k nearest neighbours, the point itself included: [B, M, 3], [B, N, 3] -> indices [B, M, count].

    `stable` prefers the lowest index among equal distances; without it the choice is arbitrary but several
    times faster to make.
    """
    distance = torch.zeros(len(xyz), queries.shape[1], xyz.shape[1])
    for q, p in zip(queries.unbind(-1), xyz.unbind(-1)):
        offset = q.unsqueeze(2) - p.unsqueeze(1)
        distance.addcmul_(offset, offset)
    if stable:
        return distance.sort(dim=-1, stable=True).indices[..., :count]
    return distance.topk(count, dim=-1, largest=False, sorted=False).indices


def pick(rows: Tensor, index: Tensor) -> Tensor:
    """Rows of each cloud: [B, N, C], [B, ...] -> [B, ..., C]."""
    clouds, points, channels = rows.shape
    first = torch.arange(clouds, device=index.device).mul(points).view(-1, *[1] * (index.dim() - 1))
    return F.embedding(index + first, rows.reshape(clouds * points, channels))


def geometry(xyz: Tensor, config: PctConfig, start: Tensor | None = None, stable: bool = True) -> Geometry:
    """Sampled points and neighbours of both stages for clouds [B, N, 3]; sampling starts at `start` (index 0)."""
    first, second = config.groups
    zero = torch.zeros(len(xyz), dtype=torch.long)
    sampled_1 = farthest_points(xyz, first.points, zero if start is None else start)
    xyz_1 = pick(xyz, sampled_1)
    neighbors_1 = nearest_points(xyz_1, xyz, first.neighbors, stable)
    sampled_2 = farthest_points(xyz_1, second.points, zero)
    neighbors_2 = nearest_points(pick(xyz_1, sampled_2), xyz_1, second.neighbors, stable)
    return Geometry(sampled_1, neighbors_1, sampled_2, neighbors_2)


class PointConv(nn.Module):
    """1x1 convolution over rows; the weight keeps the convolution's shape [out, in, 1]."""

    def __init__(self, inputs: int, outputs: int, bias: bool = False):
        super().__init__()
        reference = nn.Conv1d(inputs, outputs, 1, bias=bias)
        self.weight = reference.weight
        self.bias = reference.bias

    def forward(self, rows: Tensor) -> Tensor:
        return F.linear(rows, self.weight.squeeze(-1), self.bias)


class RowNorm(nn.BatchNorm1d):
    """Batch norm whose statistics run over all rows of [..., C]."""

    def forward(self, rows: Tensor) -> Tensor:
        return super().forward(rows.reshape(-1, rows.shape[-1])).view(rows.shape)


class MaxOverNeighbors(torch.autograd.Function):
    """[B, M, K, C] -> [B, M, C]; the gradient goes to the first maximum only (`amax` shares it, several times slower)."""

    @staticmethod
    def forward(context, rows: Tensor) -> Tensor:
        values, places = rows.max(2)
        context.save_for_backward(places)
        context.shape = rows.shape
        return values

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:
        (places,) = context.saved_tensors
        return gradient.new_zeros(context.shape).scatter_(2, places.unsqueeze(2), gradient.unsqueeze(2))


class GatherLocal(nn.Module):
    """Neighbour embedding: max over neighbours j of MLP([f_j - f_i, f_i]).

    W [f_j - f_i, f_i] = W_a f_j + (W_b - W_a) f_i, so the first product runs per point, not per neighbour.
    """

    def __init__(self, inputs: int, outputs: int, eps: float):
        super().__init__()
        self.conv1 = PointConv(2 * inputs, outputs)
        self.conv2 = PointConv(outputs, outputs)
        self.bn1 = RowNorm(outputs, eps)
        self.bn2 = RowNorm(outputs, eps)

    def forward(self, rows: Tensor, sampled: Tensor, neighbors: Tensor) -> Tensor:
        weight_a, weight_b = self.conv1.weight.squeeze(-1).chunk(2, 1)
        near = pick(F.linear(rows, weight_a), neighbors)
        centre = F.linear(pick(rows, sampled), weight_b - weight_a)
        hidden = F.relu(self.bn1(near + centre.unsqueeze(2)))
        # ReLU is monotone: the maximum may be taken first.
        return F.relu(MaxOverNeighbors.apply(self.bn2(self.conv2(hidden))))


class OffsetAttention(nn.Module):
    """x + ReLU(BN(W (x - A^T V))), A = softmax over keys of Q Q^T, columns divided by (1e-9 + their sum).

    Queries and keys share one weight, stored under both names. The scores are not divided by sqrt(d), so with the
    usual initial weights they reach hundreds, every row of the softmax picks a single key and training diverges: the
    shared weight starts smaller by d^(1/4), and scores are always computed in float32.
    """

    def __init__(self, channels: int, qk_channels: int, eps: float):
        super().__init__()
        self.k_conv = PointConv(channels, qk_channels)
        with torch.no_grad():
            self.k_conv.weight.mul_(qk_channels ** -0.25)
        self.q_conv = self.k_conv
        self.v_conv = PointConv(channels, channels, bias=True)
        self.trans_conv = PointConv(channels, channels, bias=True)
        self.after_norm = RowNorm(channels, eps)

    def forward(self, rows: Tensor) -> Tensor:
        with torch.autocast(rows.device.type, enabled=False):
            keys = self.k_conv(rows.to(torch.promote_types(rows.dtype, torch.float32)))
            weights = torch.softmax(torch.matmul(keys, keys.transpose(1, 2)), -1)
        weights = weights / (1e-9 + weights.sum(1, keepdim=True))
        attended = torch.matmul(weights.transpose(1, 2), self.v_conv(rows))
        return rows + F.relu(self.after_norm(self.trans_conv(rows - attended)))


class PointTransformerLast(nn.Module):
    """Two point-wise layers, then the offset attentions in series; returns all their outputs concatenated."""

    def __init__(self, channels: int, qk_channels: int, layers: int, eps: float):
        super().__init__()
        self.conv1 = PointConv(channels, channels)
        self.conv2 = PointConv(channels, channels)
        self.bn1 = RowNorm(channels, eps)
        self.bn2 = RowNorm(channels, eps)
        self.layers = layers
        for i in range(layers):
            self.add_module(f"sa{i + 1}", OffsetAttention(channels, qk_channels, eps))

    def forward(self, rows: Tensor) -> Tensor:
        rows = F.relu(self.bn1(self.conv1(rows)))
        rows = F.relu(self.bn2(self.conv2(rows)))
        outputs = []
        for i in range(self.layers):
            rows = getattr(self, f"sa{i + 1}")(rows)
            outputs.append(rows)
        return torch.cat(outputs, -1)


class Pct(nn.Module):
    """PCT classifier: clouds [B, N, 3] and their geometry -> logits [B, classes]."""

    def __init__(self, config: PctConfig, dropout: float = 0.5):
        super().__init__()
        eps = config.norm_eps
        embed, (first, second) = config.embed_channels, config.groups
        fuse, (head_1, head_2) = config.fuse_channels, config.head_channels
        self.conv1 = PointConv(3, embed)
        self.conv2 = PointConv(embed, embed)
        self.bn1 = RowNorm(embed, eps)
        self.bn2 = RowNorm(embed, eps)
        self.gather_local_0 = GatherLocal(embed, first.channels, eps)
        self.gather_local_1 = GatherLocal(first.channels, second.channels, eps)
        self.pt_last = PointTransformerLast(second.channels, config.qk_channels, config.attention_layers, eps)
        concatenated = second.channels * (config.attention_layers + 1)
        self.conv_fuse = nn.Sequential(PointConv(concatenated, fuse), RowNorm(fuse, eps))
        self.linear1 = nn.Linear(fuse, head_1, bias=False)
        self.bn6 = RowNorm(head_1, eps)
        self.linear2 = nn.Linear(head_1, head_2)
        self.bn7 = RowNorm(head_2, eps)
        self.linear3 = nn.Linear(head_2, config.num_classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, xyz: Tensor, sampled_1: Tensor, neighbors_1: Tensor, sampled_2: Tensor,
                neighbors_2: Tensor) -> Tensor:
        rows = F.relu(self.bn1(self.conv1(xyz)))
        rows = F.relu(self.bn2(self.conv2(rows)))
        rows = self.gather_local_0(rows, sampled_1, neighbors_1)
        rows = self.gather_local_1(rows, sampled_2, neighbors_2)
        rows = torch.cat([self.pt_last(rows), rows], -1)
        # Leaky ReLU is monotone too: the maximum over the points may be taken first.
        pooled = F.leaky_relu(self.conv_fuse(rows).amax(1), 0.2)
        hidden = self.dropout(F.leaky_relu(self.bn6(self.linear1(pooled)), 0.2))
        hidden = self.dropout(F.leaky_relu(self.bn7(self.linear2(hidden)), 0.2))
        return self.linear3(hidden)


def multiply_adds(config: PctConfig, points: int) -> int:
    """Multiply-adds of one forward pass over a cloud of `points` points, products of activations by weights only."""
    embed, (first, second) = config.embed_channels, config.groups
    c1, c2, layers = first.channels, second.channels, config.attention_layers
    total = points * (3 * embed + embed * embed)
    total += (points + first.points) * embed * c1 + first.points * first.neighbors * c1 * c1
    total += (first.points + second.points) * c1 * c2 + second.points * second.neighbors * c2 * c2
    total += second.points * c2 * (2 * c2 + layers * (2 * c2 + config.qk_channels))
    total += layers * second.points ** 2 * (config.qk_channels + c2)
    total += second.points * c2 * (layers + 1) * config.fuse_channels
    return total
