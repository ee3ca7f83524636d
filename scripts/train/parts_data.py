"""Parts of objects (Princeton Segmentation Benchmark): held-out shapes, voxels and channels, augmentation.

Of every category the last two of twelve shapes are held out. The channels of a voxel of the unit-sphere cloud p (centroid at the
origin, farthest point at radius 1; all float64 until written as float32):

    (i, j, k) = floor((p - least coordinates) / VOXEL), voxels in lexicographic order, m points each
    x, y, z        mean of p
    count          ln(m) / 3
    category_0 ..  1 at the category, else 0; all 0 if the category is not known
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

VOXEL = 0.02
HELD_OUT_SHAPES = 2
SHAPES_PER_BATCH_VOXELS = 2600  # about the voxels of one shape


@dataclass
class Sample:
    grid: np.ndarray
    features: np.ndarray
    target: np.ndarray  # [v, parts + 1]; the last column is not used
    voxel_of_point: np.ndarray
    label: np.ndarray
    allowed: np.ndarray  # parts of the category


def constants(categories: list[str]) -> dict:
    """What the model's configuration says about this module."""
    return {"kind": "object", "center": "centroid", "scale": "unit_sphere", "voxel": VOXEL,
            "features": ["x", "y", "z", "count", *(f"category_{i}" for i in range(len(categories)))]}


def voxelise(xyz: np.ndarray, category: int | None, categories: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voxels, channels and the voxel of each point; see the module's description."""
    grid = np.floor((xyz - xyz.min(0)) / VOXEL).astype(np.int64)
    extent = grid.max(0) + 1
    key = (grid[:, 0] * extent[1] + grid[:, 1]) * extent[2] + grid[:, 2]
    occupied, voxel, counts = np.unique(key, return_inverse=True, return_counts=True)
    cells = np.stack([occupied // (extent[1] * extent[2]), occupied // extent[2] % extent[1], occupied % extent[2]], 1)
    means = np.stack([np.bincount(voxel, xyz[:, axis]) / counts for axis in range(3)], 1)
    one_hot = np.zeros((len(occupied), categories))
    if category is not None:
        one_hot[:, category] = 1
    return cells.astype(np.int32), np.column_stack([means, np.log(counts) / 3, one_hot]).astype(np.float32), voxel


def unit_sphere(xyz: np.ndarray) -> np.ndarray:
    centred = xyz - xyz.mean(0)
    return centred / np.sqrt((centred ** 2).sum(1).max())


def random_rotation(rng: np.random.Generator, largest: float) -> np.ndarray:
    """Rotation about a random axis by up to `largest` radians."""
    axis = rng.normal(size=3)
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = rng.uniform(0, largest)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def disturb(xyz: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stretch per axis, rotation (small, seldom any), a smooth bend of space, jitter."""
    xyz = xyz * rng.uniform(0.75, 1.33, 3)
    xyz = xyz @ random_rotation(rng, np.pi if rng.random() < 0.2 else 0.35).T
    for _ in range(2):
        wave = rng.normal(size=3) * rng.uniform(0.8, 2.5)
        xyz = xyz + rng.normal(size=3) * rng.uniform(0, 0.06) * np.sin(xyz @ wave + rng.uniform(0, 2 * np.pi))[:, None]
    return xyz + rng.normal(0, rng.uniform(0, 0.008), xyz.shape)


class Data:
    """What the training loop needs: `training_batch(rng)`, the `validation` items by name, `evaluate`."""

    def __init__(self, data: Path, work: Path | None, voxels: int) -> None:
        description = json.loads((data / "psb_parts_classes.json").read_text())
        self.categories = description["categories"]
        offsets = [description["part_offset"][category] for category in self.categories]
        self.offsets = np.append(offsets, sum(map(len, description["parts"].values())))
        self.classes = [f"{category}.{part}" for category in self.categories for part in description["parts"][category]]
        self.in_channels, self.shapes = 4 + len(self.categories), max(1, voxels // SHAPES_PER_BATCH_VOXELS)
        self.xyz = np.load(data / "psb_parts_train_xyz_i16.npy").astype(np.float64) / 32767
        self.category = np.load(data / "psb_parts_train_category_u8.npy").astype(np.int64)
        # part numbers are counted through all categories
        self.part = np.load(data / "psb_parts_train_part_u8.npy").astype(np.int64)
        rank = np.array([(self.category[:i] == c).sum() for i, c in enumerate(self.category)])
        held_out = rank >= np.bincount(self.category)[self.category] - HELD_OUT_SHAPES
        self.training, kept = np.flatnonzero(~held_out), np.flatnonzero(held_out)
        counts = np.bincount(self.part[self.training].reshape(-1), minlength=len(self.classes))
        self.class_weights = tuple(np.clip((counts.mean() / np.maximum(counts, 1)) ** 0.35, 0.5, 3))
        self.validation = {f"{self.categories[self.category[i]]} {rank[i]}":
                           self.sample(unit_sphere(self.xyz[i]), i, self.category[i]) for i in kept}

    def sample(self, xyz: np.ndarray, index: int, category: int | None) -> Sample:
        grid, features, voxel = voxelise(xyz, category, len(self.categories))
        columns = len(self.classes) + 1
        label = self.part[index]
        target = np.bincount(voxel * columns + label, minlength=len(grid) * columns).reshape(-1, columns)
        home = self.category[index]
        return Sample(grid, features, target.astype(np.float32), voxel, label,
                      np.arange(self.offsets[home], self.offsets[home + 1]))

    def training_batch(self, rng: np.random.Generator) -> list[Sample]:
        """Random shapes, disturbed; a fifth of them without their category."""
        batch = []
        for index in rng.choice(self.training, self.shapes, replace=False):
            xyz = unit_sphere(disturb(self.xyz[index], rng))
            batch.append(self.sample(xyz, index, None if rng.random() < 0.2 else self.category[index]))
        return batch

    def evaluate(self, predict) -> dict[str, dict[str, float]]:
        """Accuracy and mean intersection over union of the parts of each category, the parts of others excluded."""
        items: dict[str, list[tuple[float, float]]] = {}
        for name, sample in self.validation.items():
            logits = predict(sample)[:, sample.allowed]
            predicted = sample.allowed[logits.argmax(1)][sample.voxel_of_point]
            ious = []
            for part in sample.allowed:
                here, there = predicted == part, sample.label == part
                ious.append((here & there).sum() / (here | there).sum() if (here | there).any() else 1.0)
            items.setdefault(name.split()[0], []).append(((predicted == sample.label).mean(), np.mean(ious)))
        result = {name: dict(zip(("accuracy", "mean"), np.round(100 * np.mean(values, 0), 2).tolist()))
                  for name, values in items.items()}
        for key in ("accuracy", "mean"):
            result[f"all {key}"] = {key: round(float(np.mean([item[key] for item in result.values() if key in item])), 2)}
        return result
