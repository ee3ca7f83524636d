"""Parts of objects (Princeton Segmentation Benchmark): held-out shapes, voxels and channels, augmentation.

Of every category the last two of twelve shapes are held out. Voxels and channels are those of aerial_features.py,
where they have the same name, of the unit-sphere cloud (centroid at the origin, farthest point at radius 1) with VOXEL
and SQUASH; x, y, z are the mean of the points, measured from the middle of the bounding box at its bottom. The network
is not told the category; whoever knows it lets only the category's parts compete.

`Pretraining` is a task of its own on the same channels: the class of a ModelNet40 cloud in every voxel.
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
FEWEST_POINTS = 1024  # of a thinned shape
HANDED = ("Hand",)  # categories whose parts a mirror would exchange
MODELNET_VOXELS, MODELNET_TESTED = 900, 200


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


def disturb(xyz: np.ndarray, rng: np.random.Generator, mirror: bool) -> np.ndarray:
    """Stretch per axis, perhaps a mirror image, rotation (small, seldom any), smooth bends of space, jitter."""
    xyz = xyz * rng.uniform(0.72, 1.4, 3)
    if mirror and rng.random() < 0.5:
        xyz = xyz * [-1, 1, 1]
    xyz = xyz @ random_rotation(rng, np.pi if rng.random() < 0.2 else 0.35).T
    for _ in range(3):
        wave = rng.normal(size=3) * rng.uniform(0.8, 2.5)
        xyz = xyz + rng.normal(size=3) * rng.uniform(0, 0.08) * np.sin(xyz @ wave + rng.uniform(0, 2 * np.pi))[:, None]
    return xyz + rng.normal(0, rng.uniform(0, 0.008), xyz.shape)


def mean_iou(predicted: np.ndarray, label: np.ndarray, parts: np.ndarray) -> float:
    """Of the parts of a shape's category; one that is neither there nor predicted counts as 1."""
    ious = []
    for part in parts:
        here, there = predicted == part, label == part
        ious.append((here & there).sum() / (here | there).sum() if (here | there).any() else 1.0)
    return float(np.mean(ious))


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
        self.group_of_class = tuple(np.repeat(np.arange(len(offsets)), np.diff(self.offsets)).tolist())
        self.class_weights = tuple(np.clip((counts.mean() / np.maximum(counts, 1)) ** 0.35, 0.5, 3))
        self.validation = {f"{self.categories[self.category[i]]} {rank[i]}":
                           self.sample(unit_sphere(self.xyz[i]), i) for i in self.held_out}

    def sample(self, xyz: np.ndarray, index: int, kept: np.ndarray | slice = slice(None)) -> Sample:
        grid, features, voxel = voxelise(xyz)
        columns = len(self.classes) + 1
        label = self.part[index][kept]
        target = np.bincount(voxel * columns + label, minlength=len(grid) * columns).reshape(-1, columns)
        home = self.category[index]
        return Sample(grid, features, target.astype(np.float32), voxel, label,
                      np.arange(self.offsets[home], self.offsets[home + 1]))

    def training_batch(self, rng: np.random.Generator) -> list[Sample]:
        """Random shapes, thinned, disturbed."""
        batch = []
        for index in rng.choice(self.training, self.shapes, replace=False):
            points = len(self.xyz[index])
            count = points if rng.random() < 0.5 else int(rng.integers(FEWEST_POINTS, points))
            kept = np.sort(rng.choice(points, count, replace=False))
            mirror = self.categories[self.category[index]] not in HANDED
            batch.append(self.sample(unit_sphere(disturb(self.xyz[index][kept], rng, mirror)), index, kept))
        return batch

    def part_table(self, predict) -> str:
        """Markdown: IoU of every part over all held-out shapes together, the category given, and guessed."""
        given, guessed = np.zeros((2, 3, len(self.classes)), np.int64)  # both, predicted, true
        for sample in self.validation.values():
            logits = predict(sample)[sample.voxel_of_point]
            for counts, allowed in ((given, sample.allowed), (guessed, self.likeliest(logits))):
                predicted = allowed[logits[:, allowed].argmax(1)]
                counts[0] += np.bincount(predicted[predicted == sample.label], minlength=len(self.classes))
                counts[1] += np.bincount(predicted, minlength=len(self.classes))
                counts[2] += np.bincount(sample.label, minlength=len(self.classes))
        iou = [100 * counts[0] / np.maximum(counts[1] + counts[2] - counts[0], 1) for counts in (given, guessed)]
        lines = ["| category | part: IoU, category given / guessed |", "|---|---|"]
        for category, begin, end in zip(self.categories, self.offsets[:-1], self.offsets[1:]):
            cells = [f"{self.classes[part].split('.')[1]} {iou[0][part]:.0f} / {iou[1][part]:.0f}"
                     if given[2][part] else f"{self.classes[part].split('.')[1]} -" for part in range(begin, end)]
            lines.append(f"| {category} | " + ", ".join(cells) + " |")
        there = given[2] > 0
        lines.append(f"| mean of {there.sum()} parts | {iou[0][there].mean():.1f} / {iou[1][there].mean():.1f} |")
        return "\n".join(lines)

    def likeliest(self, logits: np.ndarray) -> np.ndarray:
        """Parts of the category whose parts are likeliest in all."""
        odds = np.exp(logits - logits.max(1, keepdims=True))
        best = np.add.reduceat((odds / odds.sum(1, keepdims=True)).sum(0), self.offsets[:-1]).argmax()
        return np.arange(self.offsets[best], self.offsets[best + 1])

    def evaluate(self, predict, held_out: bool = True) -> dict[str, dict[str, float]]:
        """By category: accuracy and mean intersection over union of its parts where it is known, accuracy where it is
        the one whose parts are likeliest in all, and how often that is the right one."""
        items: dict[str, list[tuple[float, ...]]] = {}
        for name, sample in self.validation.items():
            logits = predict(sample)[sample.voxel_of_point]
            predicted = sample.allowed[logits[:, sample.allowed].argmax(1)]
            guessed = self.likeliest(logits)
            alone = guessed[logits[:, guessed].argmax(1)]
            items.setdefault(name.split()[0], []).append(
                ((predicted == sample.label).mean(), mean_iou(predicted, sample.label, sample.allowed), (alone == sample.label).mean(),
                 guessed[0] == sample.allowed[0]))
        keys = ("accuracy", "mean", "accuracy, category guessed", "category right")
        result = {name: dict(zip(keys, np.round(100 * np.mean(values, 0), 2).tolist())) for name, values in items.items()}
        means = {key: round(float(np.mean([item[key] for item in result.values()])), 2) for key in keys}
        return {**result, "all": means}


class Pretraining:
    """ModelNet40 clouds whose every voxel has the class of its cloud; the last ones are for validation."""

    def __init__(self, data: Path, work: Path | None, voxels: int) -> None:
        self.classes = json.loads((data / "modelnet40_classes.json").read_text())
        self.class_weights = (1.0,) * len(self.classes)
        self.in_channels, self.shapes = len(FEATURES), max(1, voxels // MODELNET_VOXELS)
        self.xyz = np.load(data / "modelnet40_train_xyz_i16.npy", mmap_mode="r")
        self.label = np.load(data / "modelnet40_train_label_u8.npy").astype(np.int64)
        order = np.random.default_rng(0).permutation(len(self.label))
        self.training, self.tested = order[MODELNET_TESTED:], order[:MODELNET_TESTED]

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        xyz = self.xyz[index].astype(np.float64) / 32767
        grid, features, voxel = voxelise(unit_sphere(disturb(xyz, rng, True) if rng else xyz))
        label = np.full(len(voxel), self.label[index])
        target = np.zeros((len(grid), len(self.classes) + 1), np.float32)
        target[:, self.label[index]] = 1
        return Sample(grid, features, target, voxel, label, np.arange(len(self.classes)))

    def training_batch(self, rng: np.random.Generator) -> list[Sample]:
        return [self.sample(index, rng) for index in rng.choice(self.training, self.shapes, replace=False)]

    def evaluate(self, predict, held_out: bool = True) -> dict[str, dict[str, float]]:
        """Share of the tested clouds whose class is the likeliest over their voxels."""
        right = [predict(self.sample(index, None)).mean(0).argmax() == self.label[index] for index in self.tested]
        return {"all": {"accuracy": round(100 * float(np.mean(right)), 2)}}
