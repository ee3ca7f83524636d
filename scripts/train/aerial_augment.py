"""Random changes of labelled airborne clouds: thinning, relief, noise, outliers, lost fields.

Most training tiles are flat and well sampled. Relief (slopes, waves, cliffs) is added to the heights of everything that
stands there; buildings stay level where they can.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

IGNORE, NOT_GROUND = 255, 254
CLUSTER_CELL = 2.0  # metres; building points in touching cells are one building
LEVEL_RANGE = 8.0  # metres of relief under a building up to which it stays level


@dataclass
class Cloud:
    xyz: np.ndarray
    label: np.ndarray
    intensity: np.ndarray | None
    return_number: np.ndarray | None
    number_of_returns: np.ndarray | None
    building: np.ndarray  # number of the building, -1 elsewhere

    def select(self, mask: np.ndarray) -> Cloud:
        values = (getattr(self, item.name) for item in fields(self))
        return Cloud(*(None if value is None else value[mask] for value in values))


def building_clusters(xyz: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Numbers the buildings: connected cells of building points, by spreading the largest number."""
    result = np.full(len(xyz), -1, np.int64)
    if not mask.any():
        return result
    cell = np.floor((xyz[mask, :2] - xyz[mask, :2].min(0)) / CLUSTER_CELL).astype(np.int64) + 1
    raster = np.zeros(cell.max(0) + 2, np.int64)
    raster[cell[:, 0], cell[:, 1]] = 1 + np.arange(len(cell))
    occupied = raster > 0
    while True:
        spread = raster.copy()
        for axis in (0, 1):
            spread = np.maximum(spread, np.maximum(np.roll(spread, 1, axis), np.roll(spread, -1, axis)))
        spread[~occupied] = 0
        if np.array_equal(spread, raster):
            break
        raster = spread
    result[mask] = np.unique(raster[cell[:, 0], cell[:, 1]], return_inverse=True)[1]
    return result


def cut(cloud: Cloud, centre: np.ndarray, side: float, rng: np.random.Generator) -> Cloud:
    """A square of the cloud around `centre`, turned and perhaps mirrored, in coordinates about the centre."""
    angle = rng.uniform(0, 2 * np.pi)
    cosine, sine = np.cos(angle), np.sin(angle)
    local = cloud.xyz[:, :2] - centre
    near = np.flatnonzero((np.abs(local) < 0.75 * side).all(1))
    turned = local[near] @ np.array([[cosine, -sine], [sine, cosine]])
    inside = (np.abs(turned) < side / 2).all(1)
    part = cloud.select(near[inside])
    xy = turned[inside] * np.array([1, rng.choice([-1, 1])])
    return replace(part, xyz=np.column_stack([xy, part.xyz[:, 2]]))


def thin(cloud: Cloud, share: float, wanted: float, rng: np.random.Generator) -> Cloud:
    """Keeps about `share` of the points: at random, along scan lines, or of one kind of return only."""
    kind = rng.random()
    if kind > 0.9:  # evenly: one point per cell
        cell = np.floor(cloud.xyz[:, :2] / wanted ** -0.5 + rng.random(2)).astype(np.int64)
        order = rng.permutation(len(cell))
        _, first = np.unique(cell[order] @ np.array([1 << 20, 1]), return_index=True)
        return cloud.select(np.sort(order[first]))
    if kind < 0.12 and cloud.return_number is not None:
        first = rng.random() < 0.5
        kept = cloud.return_number == 1 if first else cloud.return_number >= cloud.number_of_returns
        share = min(1, share / max(kept.mean(), 1e-3))
        cloud = cloud.select(kept)
    if share >= 1:
        return cloud
    if kind > 0.6:  # scan lines: bands of the plane, a part of the thinning
        bands = share ** rng.uniform(0.3, 1)
        angle, spacing = rng.uniform(0, np.pi), wanted ** -0.5 * np.exp(rng.uniform(-0.7, 0.7))
        across = cloud.xyz[:, 0] * np.cos(angle) + cloud.xyz[:, 1] * np.sin(angle)
        kept = (across / spacing) % 1 < bands
        cloud, share = cloud.select(kept), share / bands
    return cloud.select(rng.random(len(cloud.xyz)) < share)


@dataclass
class Relief:
    slope: float  # tangent
    steps: int
    height: float  # of a step, metres
    wave_slope: float = 0.0
    mounds: int = 0  # of up to `height` metres, or pits


def random_relief(rng: np.random.Generator, sparse: bool) -> Relief:
    slope = rng.uniform(0, 0.05) if rng.random() < (0.2 if sparse else 0.35) else rng.uniform(0.05, 0.95)
    steps = int(rng.integers(1, 5)) if rng.random() < 0.4 else 0
    return Relief(slope, steps, float(np.exp(rng.uniform(np.log(1.5), np.log(20)))),
                  rng.uniform(0, 0.6) if rng.random() < 0.5 else 0.0,
                  int(rng.integers(1, 5)) if rng.random() < 0.25 else 0)


def smooth_relief(relief: Relief, rng: np.random.Generator):
    """A tilted plane and up to three waves, as a function of positions in plan."""
    angle = rng.uniform(0, 2 * np.pi)
    waves = []
    for _ in range(3 if relief.wave_slope else 0):
        length, heading = np.exp(rng.uniform(np.log(15), np.log(150))), rng.uniform(0, 2 * np.pi)
        amplitude = relief.wave_slope * length / (2 * np.pi) * rng.uniform(0.2, 0.6)
        waves.append((length, heading, amplitude, rng.uniform(0, 2 * np.pi)))

    def height(xy: np.ndarray) -> np.ndarray:
        result = relief.slope * (xy[:, 0] * np.cos(angle) + xy[:, 1] * np.sin(angle))
        for length, heading, amplitude, phase in waves:
            along = xy[:, 0] * np.cos(heading) + xy[:, 1] * np.sin(heading)
            result = result + amplitude * np.sin(2 * np.pi * along / length + phase)
        return result

    return height


def step_relief(relief: Relief, xy: np.ndarray, rng: np.random.Generator):
    """Cliffs and terraces along wavy lines through the cloud, as a function of positions in plan."""
    low, high = xy.min(0), xy.max(0)
    common = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else None
    steps = []
    for _ in range(relief.steps):
        angle = rng.uniform(0, 2 * np.pi) if common is None else common
        width = rng.uniform(0.02, 0.5) if rng.random() < 0.5 else rng.uniform(0.5, 6)
        steps.append((rng.uniform(low, high), angle, width, relief.height * rng.uniform(0.5, 1),
                      rng.uniform(0, 5), np.exp(rng.uniform(np.log(15), np.log(100))), rng.uniform(0, 2 * np.pi)))

    def height(xy: np.ndarray) -> np.ndarray:
        result = np.zeros(len(xy))
        for through, angle, width, rise, swing, length, phase in steps:
            local = xy - through
            across = local[:, 0] * np.cos(angle) + local[:, 1] * np.sin(angle)
            along = local[:, 1] * np.cos(angle) - local[:, 0] * np.sin(angle)
            across = across + swing * np.sin(2 * np.pi * along / length + phase)
            result = result + rise * np.clip(across / width + 0.5, 0, 1)
        return result

    return height


def mound_relief(relief: Relief, xy: np.ndarray, rng: np.random.Generator):
    """Mounds, ridges and pits with flat tops and edges from soft to steep, as a function of positions in plan."""
    low, high = xy.min(0), xy.max(0)
    shapes = []
    for _ in range(relief.mounds):
        radius = np.exp(rng.uniform(np.log(5), np.log(40)))
        shapes.append((rng.uniform(low, high), rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(0, 1.5)), radius,
                       rng.uniform(0.02, 1) * radius, relief.height * rng.uniform(0.2, 1) * rng.choice([-1, 1])))

    def height(xy: np.ndarray) -> np.ndarray:
        result = np.zeros(len(xy))
        for centre, angle, longer, radius, width, rise in shapes:
            local = xy - centre
            along = local[:, 0] * np.cos(angle) + local[:, 1] * np.sin(angle)
            across = local[:, 1] * np.cos(angle) - local[:, 0] * np.sin(angle)
            inwards = radius - np.hypot(along / longer, across)
            result = result + rise * np.clip(inwards / width + 0.5, 0, 1)
        return result

    return height


def bend(cloud: Cloud, rng: np.random.Generator, relief: Relief, level: bool = True) -> Cloud:
    """Adds the relief to the heights. Where `level`, a building moves as one by the largest smooth relief under it
    (if that varies little), and never is cut by a step: it stands on the upper side."""
    xy = cloud.xyz[:, :2]
    smooth, steps = smooth_relief(relief, rng), step_relief(relief, xy, rng)
    slope, step = smooth(xy), steps(xy)
    if relief.mounds:
        step = step + mound_relief(relief, xy, rng)(xy)
    on = np.flatnonzero(cloud.building >= 0)
    if level and len(on):
        _, number, counts = np.unique(cloud.building[on], return_inverse=True, return_counts=True)
        highest, lowest = np.full(len(counts), -np.inf), np.full(len(counts), np.inf)
        np.maximum.at(highest, number, step[on])
        step[on] = highest[number]
        highest[:] = -np.inf
        np.maximum.at(highest, number, slope[on])
        np.minimum.at(lowest, number, slope[on])
        still = highest - lowest <= LEVEL_RANGE
        sunk = rng.uniform(0, 0.4) * (highest - lowest)
        slope[on] = np.where(still[number], (highest - sunk)[number], slope[on])
    return replace(cloud, xyz=np.column_stack([xy, cloud.xyz[:, 2] + slope + step]))


def add_outliers(cloud: Cloud, rng: np.random.Generator) -> Cloud:
    """A few points far below or above the others, single or in small groups; they are not ground."""
    count = int(rng.integers(1, 2 + min(30, len(cloud.xyz) // 400)))
    source = rng.integers(0, len(cloud.xyz), count)
    below = rng.random(count) < 0.7
    shift = np.where(below, -1, 1) * np.exp(rng.uniform(np.log(1.5), np.log(60), count))
    repeats = rng.choice([1, 1, 1, 2, 3], count)
    source, shift = np.repeat(source, repeats), np.repeat(shift, repeats)
    xyz = cloud.xyz[source] + rng.normal(0, 0.3, (len(source), 3))
    xyz[:, 2] += shift
    extra = replace(cloud.select(source), xyz=xyz, label=np.full(len(source), NOT_GROUND, np.uint8),
                    building=np.full(len(source), -1))
    values = ((getattr(cloud, item.name), getattr(extra, item.name)) for item in fields(cloud))
    return Cloud(*(None if a is None else np.concatenate([a, b]) for a, b in values))


def punch_holes(cloud: Cloud, rng: np.random.Generator) -> Cloud:
    """Removes discs, as shadows and water do."""
    kept = np.ones(len(cloud.xyz), bool)
    extent = np.ptp(cloud.xyz[:, :2], axis=0).max()
    for _ in range(rng.integers(1, 5)):
        centre = cloud.xyz[rng.integers(len(cloud.xyz)), :2]
        radius = extent * rng.uniform(0.02, 0.1)
        kept &= ((cloud.xyz[:, :2] - centre) ** 2).sum(1) > radius ** 2
    return cloud.select(kept) if kept.sum() >= 64 else cloud


def disturb(cloud: Cloud, rng: np.random.Generator, sparse: bool) -> Cloud:
    """Everything that changes between surveys, but the density; a sparse cloud is mostly steep and has xyz only, as such
    surveys are what is hard."""
    if rng.random() < 0.25:
        cloud = punch_holes(cloud, rng)
    stretch = np.array([1, 1, 1.0]) * rng.uniform(0.85, 1.2) * np.array([1, 1, rng.uniform(0.85, 1.2)])
    cloud = replace(cloud, xyz=cloud.xyz * stretch)
    if rng.random() < (0.85 if sparse else 0.7):
        cloud = bend(cloud, rng, random_relief(rng, sparse), level=rng.random() < 0.75)
    noise = np.exp(rng.uniform(np.log(0.005), np.log(0.12), 2))
    cloud = replace(cloud, xyz=cloud.xyz + rng.normal(0, 1, cloud.xyz.shape) * noise[[0, 0, 1]])
    if rng.random() < 0.4:
        cloud = add_outliers(cloud, rng)
    bare = rng.random() < (0.45 if sparse else 0.3)
    if bare or rng.random() < 0.25:
        cloud = replace(cloud, intensity=None)
    elif rng.random() < 0.3:
        cloud = replace(cloud, intensity=cloud.intensity * rng.lognormal(0, 0.3, len(cloud.xyz)))
    if bare or rng.random() < 0.25:
        cloud = replace(cloud, return_number=None, number_of_returns=None)
    return cloud
