"""Point Transformer V3, mode 1, under the key names of the public implementation (Wu et al. 2024).

What depends on the voxels alone (neighbour tables, orders, patches, pooling) is computed once per sample with numpy in
`Geometry`; the network then consists of row gathers, matrix products and attention inside patches.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

ORDERS = ("z", "z-trans", "hilbert", "hilbert-trans")
NORM_EPS = 1e-3  # of the batch norms
DENSE_CELLS = 1 << 25  # largest lookup grid; above it the neighbours are searched among sorted keys


@dataclass
class PtV3Config:
    num_classes: int
    in_channels: int
    order: list[str] = field(default_factory=lambda: list(ORDERS))
    stride: list[int] = field(default_factory=lambda: [2, 2, 2, 2])
    enc_depths: list[int] = field(default_factory=lambda: [1, 1, 2, 2, 1])
    enc_channels: list[int] = field(default_factory=lambda: [32, 48, 64, 96, 128])
    enc_num_head: list[int] = field(default_factory=lambda: [2, 3, 4, 6, 8])
    enc_patch_size: list[int] = field(default_factory=lambda: [128] * 5)
    dec_depths: list[int] = field(default_factory=lambda: [1, 1, 1, 1])
    dec_channels: list[int] = field(default_factory=lambda: [32, 48, 64, 96])
    dec_num_head: list[int] = field(default_factory=lambda: [2, 3, 4, 6])
    dec_patch_size: list[int] = field(default_factory=lambda: [128] * 4)
    enable_rpe: bool = False

    def to_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict) -> PtV3Config:
        return PtV3Config(**{key: values[key] for key in PtV3Config.__dataclass_fields__ if key in values})


# ---------------------------------------------------------------------------------------------------- serialisation


def z_code(grid: np.ndarray, depth: int) -> np.ndarray:
    """Morton code; of each triple of bits, x is the most significant."""
    code = np.zeros(len(grid), np.int64)
    for axis in range(3):
        bits = grid[:, axis].astype(np.int64)
        for shift, mask in ((32, 0x1F00000000FFFF), (16, 0x1F0000FF0000FF), (8, 0x100F00F00F00F00F),
                            (4, 0x10C30C30C30C30C3), (2, 0x1249249249249249)):
            bits = (bits | bits << shift) & mask
        code |= bits << (2 - axis)
    return code


def hilbert_code(grid: np.ndarray, depth: int) -> np.ndarray:
    """Hilbert index by Skilling's method (Programming the Hilbert curve, 2004), x most significant."""
    x = [grid[:, axis].astype(np.int64) for axis in range(3)]
    for level in range(depth - 1, -1, -1):
        bit, low = 1 << level, (1 << level) - 1
        for axis in range(3):
            on = (x[axis] & bit) != 0
            swap = np.where(on, 0, (x[0] ^ x[axis]) & low)
            x[0] = np.where(on, x[0] ^ low, x[0] ^ swap)
            if axis:
                x[axis] = x[axis] ^ swap
    code = z_code(np.stack(x, 1), depth)
    shift = 1
    while shift < 3 * depth:  # Gray code to binary
        code ^= code >> shift
        shift *= 2
    return code


def serialise(grid: np.ndarray, batch: np.ndarray, depth: int, order: str) -> np.ndarray:
    """Codes of the voxels in one of ORDERS, the batch index above 3 * depth bits."""
    if order.endswith("-trans"):
        grid = grid[:, [1, 0, 2]]
    code = (hilbert_code if order.startswith("hilbert") else z_code)(grid, depth)
    return batch.astype(np.int64) << (3 * depth) | code


# --------------------------------------------------------------------------------------------------------- geometry


@dataclass
class Neighbours:
    """Pairs of voxels one offset of a size^3 cube apart, for the offsets up to the centre in the order x, y, z.

    `to[ends[k - 1]:ends[k]]` are the voxels that have one at offset k, `source` those they have. Offset size^3 - 1 - k leads
    back, so that the second half of the offsets is the first with both exchanged.
    """

    to: Tensor
    source: Tensor
    ends: list[int]

    def pairs(self, k: int) -> tuple[Tensor, Tensor]:
        """Voxels and their neighbours at offset k, which must not be the centre."""
        mirrored = k > len(self.ends)
        half = 2 * len(self.ends) - k if mirrored else k
        part = slice(self.ends[half - 1] if half else 0, self.ends[half])
        return (self.source[part], self.to[part]) if mirrored else (self.to[part], self.source[part])

    def onto(self, device: str) -> Neighbours:
        return Neighbours(self.to.to(device), self.source.to(device), self.ends)


def neighbours(grid: np.ndarray, batch: np.ndarray, size: int) -> Neighbours:
    """Occupied neighbours of the voxels inside a cube; those of different clouds do not see each other."""
    n, reach = len(grid), size // 2
    extent = grid.max(0).astype(np.int64) + 1 + 2 * reach
    key = ((batch * extent[0] + grid[:, 0] + reach) * extent[1] + grid[:, 1] + reach) * extent[2] + grid[:, 2] + reach
    cells = int(batch.max() + 1) * int(extent.prod())
    dense = cells <= DENSE_CELLS
    if dense:
        lookup = np.full(cells, -1, np.int32)
        lookup[key] = np.arange(n, dtype=np.int32)
    else:
        order = np.argsort(key)
        ordered = key[order]
    to, source = [], []
    for k in range(size ** 3 // 2):
        dx, dy, dz = k // size ** 2 - reach, k // size % size - reach, k % size - reach
        wanted = key + (dx * extent[1] + dy) * extent[2] + dz
        if dense:
            found = lookup[wanted]
            to.append(np.flatnonzero(found >= 0))
            source.append(found[to[-1]])
        else:
            place = np.minimum(np.searchsorted(ordered, wanted), n - 1)
            to.append(np.flatnonzero(ordered[place] == wanted))
            source.append(order[place[to[-1]]])
    ends = np.cumsum([len(rows) for rows in to]).tolist()
    return Neighbours(torch.from_numpy(np.concatenate(to)),
                      torch.from_numpy(np.concatenate(source).astype(np.int64)), ends)


@dataclass
class Patches:
    """Attention patches of one order: rows in, groups of (patches, voxels in each), rows out."""

    into: Tensor
    groups: list[tuple[int, int]]
    back: Tensor

    def to(self, device: str) -> Patches:
        return Patches(self.into.to(device), self.groups, self.back.to(device))


def patches_of(order: np.ndarray, counts: np.ndarray, size: int) -> Patches:
    """Cuts each cloud of the serialised voxels into patches; its last patch borrows its head from the one before."""
    full, small = [], []
    begin = 0
    for count in counts:
        rows = order[begin:begin + count]
        begin += count
        if count <= size:
            small.append(rows)
            continue
        whole = count // size * size
        full.append(rows[:whole].reshape(-1, size))
        if whole < count:
            full.append(rows[None, count - size:])
    groups = [(sum(map(len, full)), size)] if full else []
    groups += [(1, len(rows)) for rows in small]
    index = np.concatenate([part.reshape(-1) for part in full + small])
    back = np.empty(len(order), np.int64)
    back[index[::-1]] = np.arange(len(index))[::-1]  # the first place of a voxel is in its own patch
    return Patches(torch.from_numpy(index), groups, torch.from_numpy(back))


@dataclass
class Stage:
    """One resolution: neighbours inside a 3^3 cube, patches per block, children of each voxel in the finer stage."""

    near: Neighbours
    patches: list[Patches]  # per order of the configuration, in the encoder's patch size
    decoder_patches: list[Patches]
    children: Tensor | None  # [n, 8], padded with the number of finer voxels
    parent: Tensor | None  # row of each finer voxel's parent

    def to(self, device: str) -> Stage:
        return Stage(self.near.onto(device), [p.to(device) for p in self.patches],
                     [p.to(device) for p in self.decoder_patches],
                     None if self.children is None else self.children.to(device),
                     None if self.parent is None else self.parent.to(device))


@dataclass
class Geometry:
    stages: list[Stage]
    stem: Neighbours  # inside a 5^3 cube

    def to(self, device: str) -> Geometry:
        return Geometry([stage.to(device) for stage in self.stages], self.stem.onto(device))


def geometry(grids: list[np.ndarray], config: PtV3Config, stage_orders: list[list[str]] | None = None,
             shared_patch: bool = False) -> Geometry:
    """Everything the network needs to know of a batch of clouds, each [n, 3] of distinct voxels, least 0.

    Every stage goes through `config.order`, unless `stage_orders` names the orders of each (as shuffling in training
    does, and as the reference outputs were made). With `shared_patch` no patch is larger than the smallest cloud of the
    batch, as in the reference without flash attention; else a small cloud is one patch of its own size.
    """
    counts = np.array([len(grid) for grid in grids])
    grid = np.concatenate(grids).astype(np.int64)
    batch = np.repeat(np.arange(len(grids)), counts)
    depth = max(1, int(grid.max() + 1).bit_length())
    stem = neighbours(grid, batch, 5)
    stages: list[Stage] = []
    children, parent = None, None
    for level, patch in enumerate(config.enc_patch_size):
        if level:
            key = serialise(grid, batch, depth, "z") >> 3
            _, first, cluster = np.unique(key, return_index=True, return_inverse=True)
            rank = np.argsort(cluster, kind="stable")
            start = np.searchsorted(cluster[rank], np.arange(len(first)))
            table = np.full((len(first), 8), len(grid), np.int64)
            table[cluster[rank], np.arange(len(grid)) - start[cluster[rank]]] = rank
            children, parent = torch.from_numpy(table), torch.from_numpy(cluster)
            grid, batch, depth = grid[first] >> 1, batch[first], depth - 1
            counts = np.bincount(batch, minlength=len(grids))
        blocks = config.enc_depths[level]
        decoder_blocks = config.dec_depths[level] if level < len(config.dec_depths) else 0
        names = stage_orders[level] if stage_orders else config.order
        orders = [np.argsort(serialise(grid, batch, depth, name)) for name in names[:max(blocks, decoder_blocks)]]
        most = int(counts.min()) if shared_patch else int(counts.max())
        encoder = [patches_of(order, counts, min(patch, most)) for order in orders]
        decoder_patch = config.dec_patch_size[level] if decoder_blocks else patch
        decoder = encoder if decoder_patch == patch else [patches_of(order, counts, min(decoder_patch, most))
                                                          for order in orders]
        stages.append(Stage(neighbours(grid, batch, 3), encoder, decoder, children, parent))
    return Geometry(stages, stem)


# -------------------------------------------------------------------------------------------------------- operators


class SegmentMax(torch.autograd.Function):
    """Channel-wise maximum over the children of each voxel."""

    @staticmethod
    def forward(context, x: Tensor, children: Tensor) -> Tensor:
        padded = F.pad(x, (0, 0, 0, 1), value=float("-inf"))
        values, which = padded.index_select(0, children.reshape(-1)).view(*children.shape, -1).max(1)
        context.save_for_backward(children.gather(1, which))
        context.rows = len(x)
        return values

    @staticmethod
    def backward(context, gradient: Tensor):
        (winner,) = context.saved_tensors
        return gradient.new_zeros(context.rows, gradient.shape[1]).scatter_(0, winner, gradient), None


def convolve(x: Tensor, weight: Tensor, near: Neighbours, flipped: bool = False) -> Tensor:
    """sum_k W[k] x[p + k - centre] of x [n, in] with weight [k, in, out]; `flipped` takes the weight of the opposite offset.

    A product per offset over the voxels that have a neighbour there, summed in float32 at least.
    """
    last, centre = len(weight) - 1, len(weight) // 2
    wide = torch.promote_types(x.dtype, torch.float32)
    result = (x @ weight[centre]).to(wide)
    for k in range(len(weight)):
        if k != centre:
            to, source = near.pairs(k)
            result.index_add_(0, to, (x.index_select(0, source) @ weight[last - k if flipped else k]).to(wide))
    return result


class Convolution(torch.autograd.Function):
    @staticmethod
    def forward(context, x: Tensor, weight: Tensor, near: Neighbours) -> Tensor:
        context.save_for_backward(x, weight)
        context.near = near
        return convolve(x, weight, near).to(x.dtype)

    @staticmethod
    def backward(context, gradient: Tensor):
        x, weight = context.saved_tensors
        near, x_gradient = context.near, None
        if context.needs_input_grad[0]:
            x_gradient = convolve(gradient, weight.transpose(1, 2).contiguous(), near, flipped=True).to(x.dtype)
        weight_gradient = torch.empty_like(weight)
        for k in range(len(weight)):
            if k == len(weight) // 2:
                weight_gradient[k] = x.t() @ gradient
            else:
                to, source = near.pairs(k)
                weight_gradient[k] = x.index_select(0, source).t() @ gradient.index_select(0, to)
        return x_gradient, weight_gradient, None


class SubmanifoldConvolution(nn.Module):
    """out[p] = bias + sum_k W[:, k] x[p + k - centre] over the occupied voxels."""

    def __init__(self, channels: int, out: int, size: int, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, size, size, size, channels))
        nn.init.trunc_normal_(self.weight, std=(size ** 3 / 3 * channels) ** -0.5)  # about a third is occupied
        self.bias = nn.Parameter(torch.zeros(out)) if bias else None

    def forward(self, x: Tensor, near: Neighbours) -> Tensor:
        weight = self.weight.flatten(1, 3).permute(1, 2, 0)
        device = x.device.type
        if torch.is_autocast_enabled() if device == "cuda" else torch.is_autocast_cpu_enabled():
            dtype = torch.get_autocast_gpu_dtype() if device == "cuda" else torch.get_autocast_cpu_dtype()
            x, weight = x.to(dtype), weight.to(dtype)
        result = Convolution.apply(x, weight.contiguous(), near)
        return result if self.bias is None else result + self.bias.to(result.dtype)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(d)) v of [patches, heads, voxels, d]."""
    if q.is_cuda and hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v)
    shape = q.shape  # on a CPU the gradient of plain products takes a fifth of the time, patches being short
    q, k, v = (part.reshape(-1, *shape[2:]) for part in (q * shape[-1] ** -0.5, k, v))
    return torch.bmm(torch.softmax(torch.bmm(q, k.transpose(1, 2)), -1), v).view(shape)


# ---------------------------------------------------------------------------------------------------------- network


class Attention(nn.Module):
    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor, patches: Patches) -> Tensor:
        rows, width = self.qkv(x).index_select(0, patches.into), x.shape[1] // self.heads
        results, begin = [], 0
        for count, size in patches.groups:
            part = rows[begin:begin + count * size].view(count, size, 3, self.heads, width)
            q, k, v = part.permute(2, 0, 3, 1, 4).unbind(0)
            results.append(attend(q, k, v).transpose(1, 2).reshape(count * size, -1))
            begin += count * size
        return self.proj(torch.cat(results).index_select(0, patches.back))


class Mlp(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, 4 * channels)
        self.fc2 = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Conditional position encoding, patch attention and perceptron, each added to its input."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.cpe = nn.ModuleList([SubmanifoldConvolution(channels, channels, 3, True),
                                  nn.Linear(channels, channels), nn.LayerNorm(channels)])
        self.norm1 = nn.ModuleList([nn.LayerNorm(channels)])
        self.attn = Attention(channels, heads)
        self.norm2 = nn.ModuleList([nn.LayerNorm(channels)])
        self.mlp = nn.ModuleList([Mlp(channels)])

    def forward(self, x: Tensor, near: Neighbours, patches: Patches, conv_input: Tensor | None = None) -> Tensor:
        x = x + self.cpe[2](self.cpe[1](self.cpe[0](x if conv_input is None else conv_input, near)))
        x = x + self.attn(self.norm1[0](x), patches)
        return x + self.mlp[0](self.norm2[0](x))


def batch_norm(channels: int) -> nn.BatchNorm1d:
    return nn.BatchNorm1d(channels, eps=NORM_EPS, momentum=0.02)


class Down(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, out)
        self.norm = nn.ModuleList([batch_norm(out)])

    def forward(self, x: Tensor, children: Tensor) -> Tensor:
        return F.gelu(self.norm[0](SegmentMax.apply(self.proj(x), children)))


class Up(nn.Module):
    """The sum of both branches, and the skip branch alone: the first convolution of a decoder stage sees only that.

    So does the public implementation, whose sparse tensor is not refreshed after the sum; its weights expect it.
    """

    def __init__(self, channels: int, skip: int, out: int) -> None:
        super().__init__()
        self.proj = nn.ModuleList([nn.Linear(channels, out), batch_norm(out)])
        self.proj_skip = nn.ModuleList([nn.Linear(skip, out), batch_norm(out)])

    def forward(self, x: Tensor, skip: Tensor, parent: Tensor) -> tuple[Tensor, Tensor]:
        coarse = F.gelu(self.proj[1](self.proj[0](x)))
        fine = F.gelu(self.proj_skip[1](self.proj_skip[0](skip)))
        return coarse.index_select(0, parent) + fine, fine


def stage_module(depth: int, channels: int, heads: int) -> nn.Module:
    module = nn.Module()
    for i in range(depth):
        module.add_module(f"block{i}", Block(channels, heads))
    return module


class PtV3(nn.Module):
    """Logits [n, classes] of features [n, in_channels] of the voxels whose geometry is given."""

    def __init__(self, config: PtV3Config) -> None:
        super().__init__()
        if config.enable_rpe or any(stride != 2 for stride in config.stride):
            raise ValueError("relative position tables and strides other than 2 are not trained here")
        self.config = config
        channels = config.enc_channels
        self.embedding = nn.Module()
        self.embedding.stem = nn.ModuleDict({"conv": SubmanifoldConvolution(config.in_channels, channels[0], 5, False),
                                             "norm": batch_norm(channels[0])})
        self.enc, self.dec = nn.Module(), nn.Module()
        for s, depth in enumerate(config.enc_depths):
            stage = stage_module(depth, channels[s], config.enc_num_head[s])
            if s:
                stage.down = Down(channels[s - 1], channels[s])
            self.enc.add_module(f"enc{s}", stage)
        below = channels[-1]
        for s in reversed(range(len(config.dec_depths))):
            stage = stage_module(config.dec_depths[s], config.dec_channels[s], config.dec_num_head[s])
            stage.up = Up(below, channels[s], config.dec_channels[s])
            below = config.dec_channels[s]
            self.dec.add_module(f"dec{s}", stage)
        self.seg_head = nn.Linear(below, config.num_classes)

    def run_blocks(self, module: nn.Module, depth: int, x: Tensor, near: Neighbours, patches: list[Patches],
                   conv_input: Tensor | None = None) -> Tensor:
        for i in range(depth):
            x = getattr(module, f"block{i}")(x, near, patches[i % len(patches)], None if i else conv_input)
        return x

    def forward(self, features: Tensor, where: Geometry) -> Tensor:
        config, stem = self.config, self.embedding.stem
        x = F.gelu(stem["norm"](stem["conv"](features, where.stem)))
        skips = []
        for s, stage in enumerate(where.stages):
            module = getattr(self.enc, f"enc{s}")
            if s:
                skips.append(x)
                x = module.down(x, stage.children)
            x = self.run_blocks(module, config.enc_depths[s], x, stage.near, stage.patches)
        for s in reversed(range(len(config.dec_depths))):
            module, stage = getattr(self.dec, f"dec{s}"), where.stages[s]
            x, fine = module.up(x, skips[s], where.stages[s + 1].parent)
            x = self.run_blocks(module, config.dec_depths[s], x, stage.near, stage.decoder_patches, fine)
        return self.seg_head(x)
