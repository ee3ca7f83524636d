"""Airborne tiles: classes, held-out places, augmented training samples, validation at several densities and slopes.

Held out are places, which no training sample touches:
- herault_77060_627755, a corner of six neighbouring tiles (town, 30 points/m2);
- dense_bat, another region and sensor (a building and trees on a slope, 51 points/m2);
- the north of sparse_0382_6565, above 700 m (coastal town, 0.3 points/m2; the training part ends at 680 m);
- conifer_ground, another country (ground labels only).
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import aerial_augment as augment
from aerial_augment import IGNORE, NOT_GROUND, Cloud
from aerial_features import FEATURES, voxelise

CLASSES = ("ground", "vegetation", "building", "water", "bridge", "other")
ASPRS_CODES = (2, 5, 6, 9, 17, 1)  # what a prediction is written as
PALETTE = ((160, 120, 80), (60, 160, 60), (220, 80, 60), (60, 120, 220), (150, 90, 200), (200, 200, 60))
CLASS_WEIGHTS = (1.0, 1.0, 1.5, 1.0, 1.0, 0.7)
MAIN = (0, 1, 2)  # what the mean intersection over union is taken of
LABEL_OF_CODE = {2: 0, 3: 1, 4: 1, 5: 1, 6: 2, 9: 3, 17: 4, 64: 5, 65: 5, 67: 5}
GROUND_ONLY_MARGIN = (-0.3, 0.4)  # unlabelled points this near the ground may be ground as well

HELD_OUT = ("herault_77060_627755", "dense_bat", "conifer_ground")
SPLIT_TILE, SPLIT_NORTH, SPLIT_SOUTH = "sparse_0382_6565", 700.0, 680.0
# Share of the samples; the six tiles of Herault are joined into one place.
SHARES = {"herault": 0.20, "dense_crop_1": 0.06, "dense_crop_2": 0.04, "dense_crop_3": 0.02, "fields_0484_6632": 0.05,
          "forest_0906_6665": 0.04, "sparse_0292_6833": 0.15, "sparse_0299_6802": 0.10, "sparse_0300_6802": 0.08,
          "sparse_0382_6565": 0.13, "boreal_ground_2": 0.03, "boreal_ground_4": 0.02, "megaplot_ground": 0.03,
          "topography_ground": 0.05}
LEAST_DENSITY, SPARSE = 0.15, 1.3  # points per square metre
# Parts of training places that choose among checkpoints: tile, axis, they lie beyond the first, training before the second.
SELECTION = {"village": ("sparse_0292_6833", 1, 880.0, 860.0), "wood": ("dense_crop_1", 0, 36.0, 34.0)}


def read_ply(path: Path) -> np.ndarray:
    """Vertices of a binary little-endian PLY file of scalar properties."""
    types = {"double": "<f8", "float": "<f4", "ushort": "<u2", "uchar": "u1", "uint": "<u4", "int": "<i4"}
    data = path.read_bytes()
    end = data.index(b"end_header\n") + 11
    words = [line.split() for line in data[:end].decode("ascii", "replace").splitlines()]
    count = next(int(line[2]) for line in words if line[:2] == ["element", "vertex"])
    fields = [(line[2], types[line[1]]) for line in words if line[:1] == ["property"]]
    return np.frombuffer(data, np.dtype(fields), count, end)


def height_above_ground(xyz: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Height of the points above the nearest of the ground points in plan, by brute force."""
    nearest = np.empty(len(xyz), np.int64)
    for begin in range(0, len(xyz), 2000):
        part = xyz[begin:begin + 2000, :2]
        nearest[begin:begin + 2000] = ((ground[:, :2] ** 2).sum(1) - 2 * part @ ground[:, :2].T).argmin(1)
    return xyz[:, 2] - ground[nearest, 2]


def load_tile(path: Path, origin: np.ndarray | None = None) -> Cloud:
    """One tile with our labels, relative to `origin`."""
    vertices = read_ply(path)
    xyz = np.stack([vertices[axis].astype(np.float64) for axis in "xyz"], 1)
    xyz -= xyz.min(0) if origin is None else origin
    codes = vertices["classification"]
    label = np.full(len(xyz), IGNORE, np.uint8)
    for code, value in LABEL_OF_CODE.items():
        label[codes == code] = value
    if path.stem.endswith("_ground") or "_ground_" in path.stem:
        other = np.flatnonzero(codes == 1)
        height = height_above_ground(xyz[other], xyz[codes == 2])
        doubtful = (height > GROUND_ONLY_MARGIN[0]) & (height < GROUND_ONLY_MARGIN[1])
        label[other[~doubtful]] = NOT_GROUND
    return Cloud(xyz, label, vertices["intensity"].astype(np.float64), vertices["return_number"].astype(np.int64),
                 vertices["number_of_returns"].astype(np.int64), augment.building_clusters(xyz, label == 2))


def join(clouds: list[Cloud]) -> Cloud:
    """Several tiles as one; buildings are numbered anew."""
    xyz, label = (np.concatenate([getattr(c, name) for c in clouds]) for name in ("xyz", "label"))
    fields = [np.concatenate([getattr(c, name) for c in clouds]) for name in
              ("intensity", "return_number", "number_of_returns")]
    return Cloud(xyz, label, *fields, augment.building_clusters(xyz, label == 2))


def density(cloud: Cloud) -> float:
    """Points per square metre of occupied 10 m cells."""
    cells = np.unique(np.floor(cloud.xyz[:, :2] / 10).astype(np.int64) @ np.array([1 << 20, 1]))
    return len(cloud.xyz) / (100 * len(cells))


def load_places(archive: Path, work: Path) -> tuple[dict[str, Cloud], dict[str, Cloud], dict[str, Cloud]]:
    """Training, held-out and selection places, from the archive unpacked into `work`."""
    folder = work / "train"
    if not folder.exists():
        with tarfile.open(archive) as file:
            file.extractall(work)
    paths = {path.stem: path for path in sorted(folder.glob("*.ply"))}
    held_out = {name: load_tile(paths[name]) for name in HELD_OUT}
    town = [path for name, path in paths.items() if name.startswith("herault") and name not in HELD_OUT]
    corner = np.min([[read_ply(path)[axis].min() for axis in "xyz"] for path in town], 0)
    training = {"herault": join([load_tile(path, corner) for path in town])}
    training.update({name: load_tile(paths[name]) for name in SHARES if name != "herault"})
    divided = training[SPLIT_TILE]
    held_out["sparse_north"] = divided.select(divided.xyz[:, 1] > SPLIT_NORTH)
    training[SPLIT_TILE] = divided.select(divided.xyz[:, 1] < SPLIT_SOUTH)
    selection = {}
    for name, (tile, axis, beyond, before) in SELECTION.items():
        divided = training[tile]
        selection[name] = divided.select(divided.xyz[:, axis] > beyond)
        training[tile] = divided.select(divided.xyz[:, axis] < before)
    return training, held_out, selection


@dataclass
class Sample:
    grid: np.ndarray  # [v, 3]
    features: np.ndarray  # [v, channels]
    target: np.ndarray  # [v, classes + 1], labelled points per class; the last column those known not to be class 0
    voxel_of_point: np.ndarray
    label: np.ndarray  # per point


def sample_of(cloud: Cloud) -> Sample:
    voxels = voxelise(cloud.xyz, cloud.intensity, cloud.return_number, cloud.number_of_returns)
    columns = len(CLASSES) + 1
    column = np.where(cloud.label == NOT_GROUND, len(CLASSES), cloud.label).astype(np.int64)
    known = cloud.label != IGNORE
    counts = np.bincount(voxels.voxel_of_point[known] * columns + column[known], minlength=len(voxels.grid) * columns)
    return Sample(voxels.grid, voxels.features, counts.reshape(-1, columns).astype(np.float32),
                  voxels.voxel_of_point, cloud.label)


class Data:
    """What the training loop needs: `training_batch(rng)` and `evaluate(predict)` over the `validation` items by name."""

    classes = CLASSES
    class_weights = CLASS_WEIGHTS
    in_channels = len(FEATURES)

    def __init__(self, data: Path, work: Path, voxels: int) -> None:
        self.voxels = voxels  # aimed at per batch
        self.places, self.held_out, selection = load_places(data / "aerial_train.tar.xz", work)
        self.densities = {name: density(cloud) for name, cloud in self.places.items()}
        names, shares = list(SHARES), np.array(list(SHARES.values()))
        self.names, self.shares = names, shares / shares.sum()
        self.validation = {name: sample_of(cloud) for name, cloud in validation_clouds(self.held_out).items()}
        self.selection = selection_items(selection)

    def training_batch(self, rng: np.random.Generator) -> list[Sample]:
        """Augmented crops until the batch has about the voxels aimed at."""
        batch, total = [], 0
        while total < 0.8 * self.voxels:
            sample = self.crop(rng, min(self.voxels - total, self.voxels * float(np.exp(rng.uniform(-1.6, 0)))))
            if len(sample.grid) >= 64 and sample.target.sum() > 0:
                batch.append(sample)
                total += len(sample.grid)
        return batch

    def crop(self, rng: np.random.Generator, voxels: float) -> Sample:
        """A turned square of a random place, thinned to a random density, warped, disturbed."""
        name = self.names[rng.choice(len(self.names), p=self.shares)]
        cloud, full = self.places[name], self.densities[name]
        most = SPARSE if rng.random() < 0.4 else max(full, 0.3)
        wanted = full if rng.random() < 0.25 else float(np.exp(rng.uniform(np.log(LEAST_DENSITY), np.log(most))))
        wanted = min(wanted, full)
        per_area = 12 * (1 - np.exp(-wanted / 12))  # voxels per square metre
        side = float(np.clip(np.sqrt(voxels / per_area), 20, 250))
        present = np.unique(cloud.label[cloud.label < 3])
        kind = rng.choice(present)
        candidates = np.flatnonzero(cloud.label == kind) if rng.random() < 0.6 else np.arange(len(cloud.xyz))
        cloud = augment.cut(cloud, cloud.xyz[rng.choice(candidates), :2], side, rng)
        cloud = augment.thin(cloud, wanted / full, wanted, rng)
        if len(cloud.xyz) < 64:
            return sample_of(cloud)
        return sample_of(augment.disturb(cloud, rng, wanted < SPARSE))

    def evaluate(self, predict, held_out: bool = True) -> dict[str, dict[str, float]]:
        """Measures per point of every held-out or selection item, and their means; `predict` gives the logits of a
        sample's voxels."""
        items = self.validation if held_out else self.selection
        result = {name: measures(predict(sample).argmax(1)[sample.voxel_of_point], sample.label)
                  for name, sample in items.items()}
        for key in ("mean", "total_error"):
            values = [item[key] for item in result.values() if key in item]
            result[f"all {key}"] = {key: round(float(np.mean(values)), 2)}
        return result


def bare(cloud: Cloud) -> Cloud:
    return replace(cloud, intensity=None, return_number=None, number_of_returns=None)


def selection_items(places: dict[str, Cloud]) -> dict[str, Sample]:
    """The selection places as they are, and sparse, without fields, bent."""
    village, wood = places["village"], places["wood"]
    wood = wood.select(np.random.default_rng(6).random(len(wood.xyz)) < 0.8 / density(wood))
    items = {"village": village, "wood": places["wood"]}
    for name, cloud in (("village", village), ("wood@0.8", wood)):
        items[f"{name} tilted xyz"] = bare(augment.bend(cloud, np.random.default_rng(13), augment.Relief(0.6, 0, 0)))
        items[f"{name} cliff xyz"] = bare(augment.bend(cloud, np.random.default_rng(14), augment.Relief(0.3, 2, 14)))
    return {name: sample_of(cloud) for name, cloud in items.items()}


def validation_clouds(held_out: dict[str, Cloud]) -> dict[str, Cloud]:
    """Held-out places as they are, thinned, without fields, and bent into slopes and cliffs."""
    items: dict[str, Cloud] = {}
    rng = np.random.default_rng(5)

    def thinned(cloud: Cloud, wanted: float) -> Cloud:
        return cloud.select(rng.random(len(cloud.xyz)) < wanted / density(cloud))

    town, slope, coast, conifer = (held_out[name] for name in
                                   ("herault_77060_627755", "dense_bat", "sparse_north", "conifer_ground"))
    items["town"], items["slope"], items["coast"], items["conifer"] = town, slope, coast, conifer
    for wanted in (4, 1, 0.3):
        items[f"town@{wanted}"], items[f"slope@{wanted}"] = thinned(town, wanted), thinned(slope, wanted)
    items["town xyz"], items["slope@4 xyz"] = bare(town), bare(items["slope@4"])
    items["coast xyz"], items["conifer xyz"] = bare(coast), bare(conifer)
    for name, source in (("town@4", items["town@4"]), ("slope@1", items["slope@1"]), ("coast", coast)):
        items[f"{name} tilted xyz"] = bare(augment.bend(source, np.random.default_rng(11), augment.Relief(0.6, 0, 0)))
        items[f"{name} cliff xyz"] = bare(augment.bend(source, np.random.default_rng(12), augment.Relief(0.3, 2, 14)))
    return items


def measures(predicted: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """Per point: intersection over union of the main classes, their mean, and the total error of ground or not."""
    result: dict[str, float] = {}
    known = label < len(CLASSES)
    present = [value for value in MAIN if (label[known] == value).any()]
    if len(present) > 1:
        for value in present:
            here, there = predicted[known] == value, label[known] == value
            result[CLASSES[value]] = round(float(100 * (here & there).sum() / (here | there).sum()), 2)
        result["mean"] = round(float(np.mean([result[CLASSES[value]] for value in present])), 2)
    known = label != IGNORE
    result["total_error"] = round(100 * float(((predicted[known] == 0) != (label[known] == 0)).mean()), 2)
    return result
