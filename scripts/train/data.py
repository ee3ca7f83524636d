"""ModelNet40 training split: held-out validation part, precomputed views of every cloud, augmentation.

A *view* is a choice of points of a cloud together with the indices of both grouping stages. Sampling and neighbours
do not change under rotation and shift, and hardly under the other augmentations, so each cloud gets a few views
once, kept as int16 in memory-mapped files; training draws one at random each time it sees the cloud.

View specifications (`--views`), each `kind` or `kind:count` or `kind:low-high`:
  full           all points
  random:a-b     a random subset of a to b points (log-uniform)
  fps:a-b        a subset of a to b points by farthest point sampling from a random start (log-uniform)
Fewer points than the cloud holds are repeated cyclically, as inference does for small clouds.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pct import Geometry, PctConfig, farthest_points, geometry

VALIDATION_SHARE = 0.1
SPLIT_SEED = 20260101
CHUNK = 16


def load_clouds(folder: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Clouds [n, 1024, 3] float32, labels [n] int64 and class names."""
    xyz = np.load(folder / "modelnet40_train_xyz_i16.npy").astype(np.float32) / np.float32(32767)
    labels = np.load(folder / "modelnet40_train_label_u8.npy").astype(np.int64)
    return xyz, labels, json.loads((folder / "modelnet40_classes.json").read_text())


def split(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the training and validation parts: 10 % of each class, at least one, held out; always the same."""
    rng = np.random.default_rng(SPLIT_SEED)
    held_out = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        held_out.append(rng.permutation(members)[:max(1, round(len(members) * VALIDATION_SHARE))])
    validation = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(len(labels)), validation), validation


def normalise(xyz: Tensor) -> Tensor:
    """Centroid to the origin, farthest point to radius 1: [B, N, 3]."""
    xyz = xyz - xyz.mean(1, keepdim=True)
    return xyz / xyz.square().sum(-1).amax(1).clamp_min(1e-12).sqrt().view(-1, 1, 1)


def rotate_z(xyz: Tensor, angle: Tensor) -> Tensor:
    """Clouds [B, N, 3] turned about z by angles [B]."""
    cos, sin = angle.cos().unsqueeze(1), angle.sin().unsqueeze(1)
    x, y, z = xyz.unbind(-1)
    return torch.stack((cos * x - sin * y, sin * x + cos * y, z), -1)


def choose_points(xyz: Tensor, view: str, rng: np.random.Generator) -> Tensor:
    """Point indices [B, N] of one view of clouds [B, N, 3]."""
    clouds, points, _ = xyz.shape
    kind, _, span = view.partition(":")
    if kind == "full":
        return torch.arange(points).repeat(clouds, 1)
    low, _, high = span.partition("-")
    low, high = int(low), int(high or low)
    if kind == "fps":
        order = farthest_points(xyz, high, torch.from_numpy(rng.integers(0, points, clouds)))
    elif kind == "random":
        order = torch.from_numpy(rng.permuted(np.tile(np.arange(points), (clouds, 1)), axis=1))
    else:
        raise ValueError(f"unknown view {view!r}")
    kept = torch.from_numpy(np.exp(rng.uniform(np.log(low), np.log(high), clouds)).round().astype(np.int64))
    return order.gather(1, torch.arange(points).unsqueeze(0) % kept.unsqueeze(1))


class Views:
    """Views of clouds: chosen points [V, n, N] and their geometry, cached in a folder as int16."""

    def __init__(self, xyz: np.ndarray, config: PctConfig, specifications: list[str], random_start: bool, seed: int,
                 cache: Path):
        first, second = config.groups
        key = json.dumps([hashlib.sha256(xyz.tobytes()).hexdigest(), first.points, first.neighbors, second.points,
                          second.neighbors, specifications, random_start, seed])
        folder = cache / hashlib.sha256(key.encode()).hexdigest()[:16]
        names = ("chosen", *Geometry._fields)
        if not folder.exists():
            self._build(xyz, config, specifications, random_start, seed, folder, names)
        self.xyz = torch.from_numpy(xyz)
        self.count = len(specifications)
        self.arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in names]

    @staticmethod
    def _build(xyz: np.ndarray, config: PctConfig, specifications: list[str], random_start: bool, seed: int,
               folder: Path, names: tuple[str, ...]) -> None:
        first, second = config.groups
        clouds, points, _ = xyz.shape
        shapes = ((points,), (first.points,), (first.points, first.neighbors), (second.points,),
                  (second.points, second.neighbors))
        partial = folder.with_name(f"{folder.name}.{os.getpid()}")
        partial.mkdir(parents=True)
        arrays = [np.lib.format.open_memmap(partial / f"{name}.npy", "w+", np.int16,
                                            (len(specifications), clouds, *shape))
                  for name, shape in zip(names, shapes)]
        for v, view in enumerate(specifications):
            for begin in range(0, clouds, CHUNK):
                part = slice(begin, min(begin + CHUNK, clouds))
                rng = np.random.default_rng([seed, v, begin])
                cloud = torch.from_numpy(xyz[part])
                chosen = choose_points(cloud, view, rng)
                seen = cloud.gather(1, chosen.unsqueeze(-1).expand(-1, -1, 3))
                start = torch.from_numpy(rng.integers(0, points, len(cloud))) if random_start else None
                indices = geometry(seen, config, start, stable=False)
                for array, value in zip(arrays, (chosen, *indices)):
                    array[v, part] = value.numpy()
        for array in arrays:
            array.flush()
        os.replace(partial, folder)

    def batch(self, clouds: np.ndarray, views: np.ndarray, augment=None) -> tuple[Tensor, Geometry]:
        """Normalised clouds [B, N, 3] in their views, with geometry; `augment` acts before points are chosen."""
        xyz = self.xyz[torch.from_numpy(clouds)]
        if augment is not None:
            xyz = augment(xyz)
        chosen, *indices = (torch.from_numpy(array[views, clouds].astype(np.int64)) for array in self.arrays)
        return normalise(xyz.gather(1, chosen.unsqueeze(-1).expand(-1, -1, 3))), Geometry(*indices)


class Augmentation:
    """Random scale per axis, jitter and rotation about z (with a probability) of whole clouds, drawn from `rng`.

    Clouds are normalised afterwards, as inference does. That would take back a shift, so there is none, and leaves
    of the scale the change of proportions.
    """

    def __init__(self, scale: float, yaw_probability: float, jitter: float, rng: np.random.Generator):
        self.scale = scale
        self.yaw_probability = yaw_probability
        self.jitter = jitter
        self.rng = rng

    def __call__(self, xyz: Tensor) -> Tensor:
        clouds = len(xyz)
        factors = np.exp(self.rng.uniform(-np.log(self.scale), np.log(self.scale), (clouds, 1, 3)))
        angle = self.rng.uniform(-np.pi, np.pi, clouds) * (self.rng.random(clouds) < self.yaw_probability)
        noise = self.rng.standard_normal(xyz.shape, np.float32) * np.float32(self.jitter)
        xyz = xyz * torch.from_numpy(factors.astype(np.float32)) + torch.from_numpy(noise)
        return rotate_z(xyz, torch.from_numpy(angle.astype(np.float32)))
