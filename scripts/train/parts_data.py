"""Parts of objects (Princeton Segmentation Benchmark): held-out shapes, voxels and channels, augmentation.

Of every category the last two of twelve shapes are held out. Voxels and channels are those of aerial_features.py,
where they have the same name, of the unit-sphere cloud (centroid at the origin, farthest point at radius 1) with VOXEL
and SQUASH; x, y, z are the mean of the points, measured from the middle of the bounding box at its bottom. The network
is not told the category; whoever knows it lets only the category's parts compete.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aerial_features import surroundings

VOXEL = 0.03
SQUASH = 0.02
LEVELS = (1, 2)  # cubes of 0.18 and 0.36
FEATURES = ("x", "y", "z", "count",
            *(f"{name}_{level}" for level in LEVELS for name in ("thickness", "scatter", "vertical", "crowd")))
HELD_OUT_SHAPES = 2
VOXELS_PER_SHAPE = 2300  # about


@dataclass
class Sample:
    grid: np.ndarray
    features: np.ndarray
    target: np.ndarray  # [v, parts + 1]; the last column is not used
    voxel_of_point: np.ndarray
    label: np.ndarray
    allowed: np.ndarray  # parts of the category


def constants() -> dict:
    """What the model's configuration says about this module."""
    return {"kind": "object", "unit": "radius", "up": "z", "voxel": VOXEL, "features": list(FEATURES),
            "origin": "center_bottom", "squash": SQUASH}


def part_names(data: Path) -> list[str]:
    """`Category.part` of every label, in their order."""
    description = json.loads((data / "psb_parts_classes.json").read_text())
    return [f"{category}.{part}" for category in description["categories"] for part in description["parts"][category]]


def voxelise(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voxels, channels and the voxel of each point; see the module's description."""
    local = xyz - xyz.min(0)
    index = np.floor(local / VOXEL).astype(np.int64)
    extent = index.max(0) + 1
    key = (index[:, 0] * extent[1] + index[:, 1]) * extent[2] + index[:, 2]
    occupied, voxel, counts = np.unique(key, return_inverse=True, return_counts=True)
    grid = np.stack([occupied // (extent[1] * extent[2]), occupied // extent[2] % extent[1], occupied % extent[2]], 1)
    means = np.stack([np.bincount(voxel, local[:, axis]) / counts for axis in range(3)], 1)
    channels = [*(means - local.max(0) * [0.5, 0.5, 0]).T, np.log(counts) / 3]
    for level in LEVELS:
        channels += surroundings(grid, means, level, SQUASH)
    return grid.astype(np.int32), np.stack(channels, 1).astype(np.float32), voxel


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
        self.classes = part_names(data)
        self.offsets = np.append(offsets, len(self.classes))
        self.in_channels, self.shapes = len(FEATURES), max(1, voxels // VOXELS_PER_SHAPE)
        packed = np.load(data / "psb_parts_train_xyz_i16.npy")
        self.xyz = (packed.astype(np.float32) / np.float32(32767)).astype(np.float64)  # what a file of floats holds
        self.category = np.load(data / "psb_parts_train_category_u8.npy").astype(np.int64)
        # part numbers are counted through all categories
        self.part = np.load(data / "psb_parts_train_part_u8.npy").astype(np.int64)
        rank = np.array([(self.category[:i] == c).sum() for i, c in enumerate(self.category)])
        held_out = rank >= np.bincount(self.category)[self.category] - HELD_OUT_SHAPES
        self.training, self.held_out = np.flatnonzero(~held_out), np.flatnonzero(held_out)
        counts = np.bincount(self.part[self.training].reshape(-1), minlength=len(self.classes))
        self.class_weights = tuple(np.clip((counts.mean() / np.maximum(counts, 1)) ** 0.35, 0.5, 3))
        self.validation = {f"{self.categories[self.category[i]]} {rank[i]}":
                           self.sample(unit_sphere(self.xyz[i]), i) for i in self.held_out}

    def sample(self, xyz: np.ndarray, index: int) -> Sample:
        grid, features, voxel = voxelise(xyz)
        columns = len(self.classes) + 1
        label = self.part[index]
        target = np.bincount(voxel * columns + label, minlength=len(grid) * columns).reshape(-1, columns)
        home = self.category[index]
        return Sample(grid, features, target.astype(np.float32), voxel, label,
                      np.arange(self.offsets[home], self.offsets[home + 1]))

    def training_batch(self, rng: np.random.Generator) -> list[Sample]:
        """Random shapes, disturbed."""
        chosen = rng.choice(self.training, self.shapes, replace=False)
        return [self.sample(unit_sphere(disturb(self.xyz[index], rng)), index) for index in chosen]

    def evaluate(self, predict) -> dict[str, dict[str, float]]:
        """By category: accuracy and mean intersection over union of its parts where it is known, accuracy where it is
        the one whose parts are likeliest in all, and how often that is the right one."""
        items: dict[str, list[tuple[float, ...]]] = {}
        for name, sample in self.validation.items():
            logits = predict(sample)[sample.voxel_of_point]
            predicted = sample.allowed[logits[:, sample.allowed].argmax(1)]
            ious = []
            for part in sample.allowed:
                here, there = predicted == part, sample.label == part
                ious.append((here & there).sum() / (here | there).sum() if (here | there).any() else 1.0)
            odds = np.exp(logits - logits.max(1, keepdims=True))
            likely = np.add.reduceat((odds / odds.sum(1, keepdims=True)).sum(0), self.offsets[:-1]).argmax()
            guessed = slice(self.offsets[likely], self.offsets[likely + 1])
            alone = self.offsets[likely] + logits[:, guessed].argmax(1)
            items.setdefault(name.split()[0], []).append(
                ((predicted == sample.label).mean(), np.mean(ious), (alone == sample.label).mean(),
                 self.offsets[likely] == sample.allowed[0]))
        keys = ("accuracy", "mean", "accuracy, category guessed", "category right")
        result = {name: dict(zip(keys, np.round(100 * np.mean(values, 0), 2).tolist())) for name, values in items.items()}
        means = {key: round(float(np.mean([item[key] for item in result.values()])), 2) for key in keys}
        return {**result, "all": means}
