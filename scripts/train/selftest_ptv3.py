#!/usr/bin/env python3
"""Seconds-long checks without data: channels against plain loops over their definition, gradients, batches,
warm start, relief."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import aerial_features as features
from aerial_augment import Cloud, Relief, bend, building_clusters
from export_ptv3 import load_model, save_model
from ptv3 import PtV3, PtV3Config, geometry
from train_ptv3 import warm_start


def town(rng: np.random.Generator, count: int = 900) -> np.ndarray:
    """Sloping ground with a block on it, an outlier below, far from the origin."""
    xy = rng.uniform(0, 14, (count, 2))
    z = 0.3 * xy[:, 0] + np.where((xy > 5).all(1) & (xy < 9).all(1), 4, rng.uniform(0, 0.05, count))
    z[0] -= 9
    return np.column_stack([xy, z]) + [7e5, 6.2e6, 30]


def planes_by_loops(low: dict[tuple, float], above: dict[tuple, float], level: int) -> dict[tuple, np.ndarray]:
    """Coefficients (c, a, b) of the plane z = c + a x + b y of every column's cell."""
    side = features.VOXEL * 2 ** level
    middle = {c: (np.array(c) + 0.5) * features.VOXEL for c in low}
    cell = {c: (c[0] >> level, c[1] >> level) for c in low}
    weight = {c: 1 / (1 + (above[c] / features.PLANE_START) ** 2) for c in low}
    for _ in range(features.PLANE_ROUNDS + 1):
        planes = {}
        for home in set(cell.values()):
            near = [c for c in low if abs(cell[c][0] - home[0]) <= 1 and abs(cell[c][1] - home[1]) <= 1]
            w, z = np.array([weight[c] for c in near]), np.array([low[c] for c in near])
            xy = np.array([middle[c] for c in near])
            mean, height = w @ xy / w.sum(), w @ z / w.sum()
            matrix = (xy - mean).T @ ((xy - mean) * w[:, None]) / w.sum() + features.PLANE_RIDGE * side ** 2 * np.eye(2)
            slopes = np.linalg.solve(matrix, (xy - mean).T @ (w * (z - height)) / w.sum())
            planes[home] = np.array([height - slopes @ mean, *slopes])
        for c in low:
            residual = low[c] - planes[cell[c]] @ [1, *middle[c]]
            weight[c] = 1 / (1 + (residual / (features.PLANE_UP if residual > 0 else features.PLANE_DOWN)) ** 2)
    return {c: planes[cell[c]] for c in low}


def channels_by_loops(xyz: np.ndarray, intensity: np.ndarray) -> dict[tuple, dict[str, float]]:
    """The definition in aerial_features.py, word by word."""
    local = xyz - xyz.min(0)
    points: dict[tuple, list[int]] = {}
    for index, p in enumerate(local):
        points.setdefault(tuple(np.floor(p / features.VOXEL).astype(int)), []).append(index)
    columns: dict[tuple, list[int]] = {}
    for (i, j, _), members in points.items():
        columns.setdefault((i, j), []).extend(members)
    low = {c: local[members, 2].min() for c, members in columns.items()}
    high = {c: local[members, 2].max() for c, members in columns.items()}
    box = [max(c[axis] for c in columns) for axis in (0, 1)]

    def window(c: tuple, w: int) -> list[tuple]:
        return [(i, j) for i in range(max(0, c[0] - w // 2), min(box[0], c[0] + w // 2) + 1)
                for j in range(max(0, c[1] - w // 2), min(box[1], c[1] + w // 2) + 1)]

    def reduced(values: dict, w: int, operation) -> dict[tuple, float]:
        result = {}
        for c in window((0, 0), 4 * max(box) + 1):
            inside = [values[d] for d in window(c, w) if d in values]
            if inside:
                result[c] = operation(inside)
        return result

    openings = {w: reduced(reduced(low, w, min), w, max) for w in features.WINDOWS[:2]}
    closing = reduced(reduced(low, features.PIT, max), features.PIT, min)
    wide = reduced(reduced(low, features.PLANE_WINDOW, min), features.PLANE_WINDOW, max)
    planes = {level: planes_by_loops(low, {c: low[c] - wide[c] for c in low}, level) for level in features.PLANE_LEVELS}
    top = reduced(high, features.TOP, max)
    means = {voxel: local[members].mean(0) for voxel, members in points.items()}
    result = {}
    for voxel, members in points.items():
        column, mean = voxel[:2], means[voxel]
        around = np.array([means[other] for other in points
                           if all(abs((other[a] >> 1) - (voxel[a] >> 1)) <= 1 for a in range(3))])
        covariance = np.cov(around.T, bias=True) if len(around) > 1 else np.zeros((3, 3))
        flat = len(around) < 4 or np.trace(covariance) < 1e-6
        ranks = [((intensity < value).sum() + (intensity <= value).sum()) / (2 * len(intensity))
                 for value in intensity[members]]
        result[voxel] = {
            "offset_z": mean[2] / features.VOXEL - voxel[2] - 0.5, "count": np.log(len(members)) / 3,
            "spread": np.ptp(local[members, 2]) / features.VOXEL,
            **{f"above_{w}": np.arcsinh((mean[2] - openings[w][column]) / features.SQUASH) / 2 for w in openings},
            **{f"plane_{level}": np.arcsinh((mean[2] - planes[level][column] @ [1, *mean[:2]]) / features.SQUASH) / 2
               for level in planes},
            "below_17": np.arcsinh((mean[2] - closing[column]) / features.SQUASH) / 2,
            "under_top": np.arcsinh((top[column] - mean[2]) / features.SQUASH) / 2,
            "thickness_1": 0 if flat else
            np.arcsinh(np.sqrt(max(np.linalg.eigvalsh(covariance)[0], 0)) / features.SQUASH) / 2,
            "vertical_1": 0 if flat else covariance[2, 2] / np.trace(covariance),
            "crowd_1": np.log(len(around)) / 4, "intensity": 2 * np.mean(ranks) - 1}
    return result


def check_channels() -> None:
    rng = np.random.default_rng(3)
    xyz, intensity = town(rng), rng.integers(0, 50, 900).astype(np.float64)
    voxels = features.voxelise(xyz, intensity)
    expected = channels_by_loops(xyz, intensity)
    assert [tuple(row) for row in voxels.grid] == sorted(expected)
    for row, grid in zip(voxels.features, voxels.grid):
        for name, value in expected[tuple(grid)].items():
            got = row[features.FEATURES.index(name)]
            assert abs(got - value) < 2e-5, f"{name} of {grid}: {got} instead of {value}"
    assert (voxels.features[:, [features.FEATURES.index(name) for name in ("has_intensity", "has_returns")]] == [1, 0]).all()


def small_network() -> PtV3:
    torch.manual_seed(1)
    return PtV3(PtV3Config(3, 4, enc_depths=[1, 2], enc_channels=[8, 16], enc_num_head=[1, 2], stride=[2],
                           enc_patch_size=[16, 16], dec_depths=[1], dec_channels=[8], dec_num_head=[1],
                           dec_patch_size=[16])).double()


def check_gradients() -> None:
    """Directional derivative of the loss against a difference quotient."""
    network = small_network().eval()
    grid = np.unique(np.random.default_rng(4).integers(0, 5, (70, 3)), axis=0)
    x = torch.randn(len(grid), 4, dtype=torch.float64)
    where = geometry([grid], network.config)
    parameters = list(network.parameters())
    network(x, where).square().sum().backward()
    directions = [torch.randn_like(p) for p in parameters]
    slope = sum(float((p.grad * d).sum()) for p, d in zip(parameters, directions))
    values = []
    with torch.no_grad():
        for step in (1e-5, -2e-5):
            for p, d in zip(parameters, directions):
                p += step * d
            values.append(float(network(x, where).square().sum()))
    quotient = (values[0] - values[1]) / 2e-5
    assert abs(slope - quotient) < 1e-3 * abs(quotient), f"{slope} instead of {quotient}"


def check_batch() -> None:
    """Clouds of a batch do not see each other."""
    network = small_network().eval()
    rng = np.random.default_rng(5)
    grids = [np.unique(rng.integers(0, size, (90, 3)), axis=0) for size in (4, 7)]
    x = [torch.randn(len(grid), 4, dtype=torch.float64) for grid in grids]
    with torch.no_grad():
        together = network(torch.cat(x), geometry(grids, network.config))
        apart = torch.cat([network(part, geometry([grid], network.config)) for part, grid in zip(x, grids)])
    assert (together - apart).abs().max() < 1e-10


def check_warm_start() -> None:
    """The first folder wins, new channels begin with weight 0, a head of another size stays as it was unless the second has it."""
    config = small_network().config
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / "pretrained", Path(name) / "other"]
        networks = [PtV3(replace(config, num_classes=5)), PtV3(config)]
        for folder, network in zip(folders, networks):
            save_model(folder, network, {})
        wider = PtV3(replace(config, in_channels=6))
        assert warm_start(wider, folders[:1]) == ["seg_head.weight", "seg_head.bias"]
        assert warm_start(wider, folders) == []
        first, second = (load_model(folder) for folder in folders)
        stem, given = wider.embedding.stem["conv"].weight, first.embedding.stem["conv"].weight
        assert torch.equal(stem[..., :4], given) and not stem[..., 4:].any()
        assert torch.equal(wider.seg_head.weight, second.seg_head.weight)
        assert torch.equal(wider.enc.enc0.block0.attn.qkv.weight, first.enc.enc0.block0.attn.qkv.weight)


def check_relief() -> None:
    """Ground follows the slope, a small building stays level, nothing moves in plan."""
    xyz = town(np.random.default_rng(6)) - [7e5, 6.2e6, 30]
    roof = np.arange(len(xyz)) % 7 == 0
    cloud = Cloud(xyz, np.where(roof, 2, 0).astype(np.uint8), None, None, None, building_clusters(xyz, roof))
    bent = bend(cloud, np.random.default_rng(7), Relief(0.4, 0, 0))
    shift = bent.xyz[:, 2] - xyz[:, 2]
    assert np.array_equal(bent.xyz[:, :2], xyz[:, :2])
    assert np.ptp(shift[roof]) < 1e-9 and np.ptp(shift[~roof]) > 3


if __name__ == "__main__":
    for check in (check_channels, check_gradients, check_batch, check_warm_start, check_relief):
        check()
        print(f"{check.__name__}: passed")
