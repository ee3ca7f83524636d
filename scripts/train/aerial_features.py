"""From an airborne point cloud to voxels and input channels: the one definition, for training and for the C++ twin.

Input: xyz [n, 3] float64, metres, z up, all finite; optionally intensity [n], return_number [n], number_of_returns [n].
Everything below is float64 until the channels are written as float32. ln is the natural logarithm.

Voxels.  origin o = minimum of xyz per axis; (i, j, k) = floor((p - o) / VOXEL); one voxel per distinct (i, j, k), in
lexicographic order. For a voxel of m points: mean m_x, m_y, m_z of (p - o), least and largest z of them.

Columns.  A column is one (i, j), i.e. a cell of VOXEL x VOXEL. low(i, j) = least z - o_z of its points, high(i, j) the
largest; columns without points are not there: they take no part in any minimum or maximum below.
For an odd window of w columns, W(i, j) = columns (i', j') with |i' - i| <= w // 2 and |j' - j| <= w // 2 inside the cloud's
bounding box [0, max i] x [0, max j]:
    erosion_w(c) = min over W(c) of low            (for every column of the box, empty ones too; +inf where W(c) is empty)
    opening_w(c) = max over W(c) of erosion_w      (over those c' in W(c) whose erosion is finite)
    dilation_w(c) = max over W(c) of low           (-inf where W(c) is empty)
    closing_w(c) = min over W(c) of dilation_w     (over those whose dilation is finite)
    top(c) = max over W(c) of high, w = TOP
An opening follows a slope and a cliff's upper edge, and removes what is narrower than the window; a closing fills pits (low
outliers). squash(h) = arsinh(h / SQUASH) / 2.

Surroundings.  For a scale with cells of s = 2^l voxels: cell of a voxel = (i >> l, j >> l, k >> l). Over the voxels in the 27
cells around and including its own, N = their number, C = the covariance (divided by N) of their means (m_x, m_y, m_z), every
voxel counting once; eigenvalues l1 >= l2 >= l3 >= 0 of C (clamped at 0), trace t = C_xx + C_yy + C_zz.
If N < 4 or t < 1e-6: thickness, scatter, vertical are 0. Else
    thickness = squash(sqrt(l3)), scatter = 3 l3 / t, vertical = C_zz / t.  Always: crowd = ln(N) / 4.

Planes.  For a scale with cells of s = 2^l columns (side S = s * VOXEL): cell of a column = (i >> l, j >> l). A plane is fitted
to the lows of the columns in the 9 cells around and including it, (x, y) = ((i + 0.5) VOXEL, (j + 0.5) VOXEL), by weighted
least squares: with weighted means x', y', z' and weighted (co)variances about them,
    [C_xx + PLANE_RIDGE S^2, C_xy; C_xy, C_yy + PLANE_RIDGE S^2] (a, b) = (C_xz, C_yz).
A column has one weight in all planes: first w = 1 / (1 + (h / PLANE_START)^2), h = low - opening_PLANE_WINDOW; then,
PLANE_ROUNDS times over, w = 1 / (1 + (r / PLANE_UP)^2) with r its height above its own cell's plane, PLANE_DOWN in place of
PLANE_UP for r <= 0. What stands on the ground counts for little, low outliers too; unlike an opening, the plane follows a
slope however sparse the points are.

Intensity.  rank(p) = (number of points with smaller intensity + number with smaller or equal) / (2 n) over the whole cloud, so
that any scale and gamma will do; its channel is 2 * mean rank - 1. Returns: r = number_of_returns, at least 1.

Channels, in the order of FEATURES, for each voxel:
    offset_x, offset_y, offset_z   m_x / VOXEL - i - 0.5, ...
    count                          ln(m) / 3
    spread                         (largest z - least z of its points) / VOXEL
    above_5 .. above_201           squash(m_z - opening_w(i, j)) for w in WINDOWS
    below_17                       squash(m_z - closing_w(i, j)), w = PIT
    under_top                      squash(top(i, j) - m_z)
    thickness_1, scatter_1, vertical_1, crowd_1     surroundings with l = 1 (3 m cubes)
    thickness_2, scatter_2, vertical_2, crowd_2     surroundings with l = 2 (6 m cubes)
    intensity                      2 * mean rank - 1; 0 if not given
    last                           share of points with return_number >= r; 0 if not given
    multiple                       share of points with r >= 2; 0 if not given
    has_intensity, has_returns     1 or 0; a field whose values are all equal counts as not given
    plane_3 .. plane_5             squash(m_z - z' - a (m_x - x') - b (m_y - y')), the plane of the voxel's cell, l = 3, 4, 5
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

VOXEL = 0.5
WINDOWS = (5, 17, 41, 97, 201)  # columns: 2.5, 8.5, 20.5, 48.5 and 100.5 m
PIT = 17
TOP = 3
SQUASH = 0.25
LEVELS = (1, 2)
PLANE_LEVELS = (3, 4, 5)  # cells of 4, 8 and 16 m
PLANE_WINDOW, PLANE_ROUNDS = 41, 3
PLANE_START, PLANE_UP, PLANE_DOWN, PLANE_RIDGE = 1.0, 0.3, 1.0, 0.01
FEATURES = ("offset_x", "offset_y", "offset_z", "count", "spread",
            "above_5", "above_17", "above_41", "above_97", "above_201", "below_17", "under_top",
            "thickness_1", "scatter_1", "vertical_1", "crowd_1", "thickness_2", "scatter_2", "vertical_2", "crowd_2",
            "intensity", "last", "multiple", "has_intensity", "has_returns",
            *(f"plane_{level}" for level in PLANE_LEVELS))


@dataclass
class Voxels:
    grid: np.ndarray  # [v, 3] int32
    features: np.ndarray  # [v, 28] float32
    voxel_of_point: np.ndarray  # [n] int64


def constants() -> dict:
    """What the model's configuration says about this module."""
    return {"kind": "scene", "unit": "metre", "up": "z", "voxel": VOXEL, "features": list(FEATURES),
            "opening_windows": list(WINDOWS), "closing_window": PIT, "top_window": TOP, "squash": SQUASH,
            "surrounding_levels": list(LEVELS), "plane_levels": list(PLANE_LEVELS)}


def squash(height: np.ndarray, scale: float = SQUASH) -> np.ndarray:
    return np.arcsinh(height / scale) / 2


def window_minimum(raster: np.ndarray, window: int) -> np.ndarray:
    """Minimum over a centred square window clipped to the raster; +inf cells take no part."""
    for axis in (0, 1):
        reach = window // 2
        padding = [(0, 0), (0, 0)]
        padding[axis] = (reach, reach)
        padded = np.moveaxis(np.pad(raster, padding, constant_values=np.inf), axis, 0)
        width = 1
        while 2 * width <= window:  # minimum of `width` cells from each one on, doubled
            padded = np.minimum(padded[:-width], padded[width:])
            width *= 2
        length = raster.shape[axis]
        raster = np.moveaxis(np.minimum(padded[:length], padded[window - width:window - width + length]), 0, axis)
    return raster


def window_maximum(raster: np.ndarray, window: int) -> np.ndarray:
    return -window_minimum(-raster, window)


def opening(low: np.ndarray, window: int) -> np.ndarray:
    """Opening of a raster whose empty cells are +inf; defined where some cell of the window is occupied."""
    erosion = window_minimum(low, window)
    return window_maximum(np.where(np.isinf(erosion), -np.inf, erosion), window)


def closing(low: np.ndarray, window: int) -> np.ndarray:
    dilation = window_maximum(np.where(np.isinf(low), -np.inf, low), window)
    return window_minimum(np.where(np.isinf(dilation), np.inf, dilation), window)


def eigenvalues(xx, yy, zz, xy, xz, yz) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eigenvalues of symmetric 3 x 3 matrices, largest first, by the trigonometric formula."""
    mean = (xx + yy + zz) / 3
    a, b, c = xx - mean, yy - mean, zz - mean
    spread = np.sqrt((a * a + b * b + c * c + 2 * (xy * xy + xz * xz + yz * yz)) / 6)
    safe = np.where(spread > 0, spread, 1)
    determinant = a * (b * c - yz * yz) - xy * (xy * c - yz * xz) + xz * (xy * yz - b * xz)
    angle = np.arccos(np.clip(determinant / (2 * safe ** 3), -1, 1)) / 3
    first = mean + 2 * spread * np.cos(angle)
    last = mean + 2 * spread * np.cos(angle + 2 * np.pi / 3)
    return first, 3 * mean - first - last, last


def surroundings(grid: np.ndarray, means: np.ndarray, level: int, scale: float = SQUASH) -> list[np.ndarray]:
    """thickness, scatter, vertical and crowd of every voxel; see the module's description."""
    cells = (grid >> level).astype(np.int64) + 1
    extent = cells.max(0) + 2
    key = (cells[:, 0] * extent[1] + cells[:, 1]) * extent[2] + cells[:, 2]
    occupied, inverse = np.unique(key, return_inverse=True)
    centre = means.mean(0)  # covariances do not change, and are more exact
    x, y, z = (means - centre).T
    sums = np.stack([np.bincount(inverse, weights, len(occupied)) for weights in
                     (np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, x * z, y * z)], 1)
    total = np.zeros_like(sums)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            for dz in (-1, 0, 1):
                wanted = occupied + (dx * extent[1] + dy) * extent[2] + dz
                place = np.minimum(np.searchsorted(occupied, wanted), len(occupied) - 1)
                total += np.where((occupied[place] == wanted)[:, None], sums[place], 0)
    number = total[:, 0]
    mx, my, mz, xx, yy, zz, xy, xz, yz = (total[:, 1:] / number[:, None]).T
    xx, yy, zz, xy, xz, yz = (xx - mx * mx, yy - my * my, zz - mz * mz, xy - mx * my, xz - mx * mz, yz - my * mz)
    trace = xx + yy + zz
    valid = (number >= 4) & (trace >= 1e-6)
    safe = np.where(valid, trace, 1)
    smallest = np.maximum(eigenvalues(xx, yy, zz, xy, xz, yz)[2], 0)
    channels = [np.where(valid, value, 0) for value in (squash(np.sqrt(smallest), scale), 3 * smallest / safe, zz / safe)]
    return [channel[inverse] for channel in (*channels, np.log(number) / 4)]


def plane_sums(sums: np.ndarray, key: np.ndarray, stride: int) -> np.ndarray:
    """Sums over the 9 cells around each; `key` = i * stride + j, sorted, none at the border."""
    total = np.zeros_like(sums)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            wanted = key + dx * stride + dy
            place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
            total += np.where((key[place] == wanted)[:, None], sums[place], 0)
    return total


def planes(column: tuple[np.ndarray, np.ndarray], low: np.ndarray, above: np.ndarray, level: int):
    """Cell of every column, and x', y', z', a, b of every cell; `above` = low - opening. See the module's description."""
    cell = (column[0] >> level) + 1, (column[1] >> level) + 1
    stride = int(cell[1].max()) + 2
    key, inverse = np.unique(cell[0] * stride + cell[1], return_inverse=True)
    x, y = (column[axis] + 0.5 for axis in (0, 1))
    x, y, ridge = x * VOXEL, y * VOXEL, PLANE_RIDGE * (VOXEL * 2 ** level) ** 2
    from_x, from_y, from_z = (np.round(values.mean()) for values in (x, y, low))  # more exact from the middle
    x, y, z = x - from_x, y - from_y, low - from_z
    weight = 1 / (1 + (above / PLANE_START) ** 2)
    for turn in range(PLANE_ROUNDS + 1):
        sums = np.stack([np.bincount(inverse, weight * values, len(key)) for values in
                         (np.ones_like(x), x, y, z, x * x, x * y, y * y, x * z, y * z)], 1)
        sums = plane_sums(sums, key, stride)
        mx, my, mz, xx, xy, yy, xz, yz = (sums[:, 1:] / sums[:, :1]).T
        xx, xy, yy, xz, yz = xx - mx * mx + ridge, xy - mx * my, yy - my * my + ridge, xz - mx * mz, yz - my * mz
        determinant = xx * yy - xy * xy
        a, b = (xz * yy - yz * xy) / determinant, (yz * xx - xz * xy) / determinant
        residual = z - (mz[inverse] + a[inverse] * (x - mx[inverse]) + b[inverse] * (y - my[inverse]))
        weight = 1 / (1 + (residual / np.where(residual > 0, PLANE_UP, PLANE_DOWN)) ** 2)
    return inverse, mx + from_x, my + from_y, mz + from_z, a, b


def above_planes(grid: np.ndarray, means: np.ndarray, low: np.ndarray) -> list[np.ndarray]:
    """plane_3 .. plane_5 of every voxel; `low` is the raster of the columns."""
    column = np.nonzero(np.isfinite(low))
    number = np.empty(low.shape, np.int64)
    number[column] = np.arange(len(column[0]))
    of_voxel, lows = number[grid[:, 0], grid[:, 1]], low[column]
    above, channels = lows - opening(low, PLANE_WINDOW)[column], []
    for level in PLANE_LEVELS:
        inverse, *parameters = planes(column, lows, above, level)
        mx, my, mz, a, b = (values[inverse[of_voxel]] for values in parameters)
        channels.append(squash(means[:, 2] - mz - a * (means[:, 0] - mx) - b * (means[:, 1] - my)))
    return channels


def rank(values: np.ndarray) -> np.ndarray:
    """Mid-rank of every value in [0, 1]."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    return ((below + counts / 2) / len(values))[inverse]


def varies(values: np.ndarray | None) -> bool:
    return values is not None and len(values) > 0 and bool((values != values[0]).any())


def voxelise(xyz: np.ndarray, intensity: np.ndarray | None = None, return_number: np.ndarray | None = None,
             number_of_returns: np.ndarray | None = None) -> Voxels:
    """Voxels and channels of a cloud of at least one point; see the module's description."""
    local = xyz - xyz.min(0)
    index = np.floor(local / VOXEL).astype(np.int64)
    extent = index.max(0) + 1
    key = (index[:, 0] * extent[1] + index[:, 1]) * extent[2] + index[:, 2]
    occupied, voxel, counts = np.unique(key, return_inverse=True, return_counts=True)
    grid = np.stack([occupied // (extent[1] * extent[2]), occupied // extent[2] % extent[1], occupied % extent[2]], 1)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(voxel, values, len(occupied)) / counts

    by_voxel = np.argsort(voxel, kind="stable")
    starts = np.cumsum(counts) - counts
    sorted_z = local[by_voxel, 2]
    least, largest = np.minimum.reduceat(sorted_z, starts), np.maximum.reduceat(sorted_z, starts)
    means = np.stack([mean(local[:, axis]) for axis in range(3)], 1)

    low, high = np.full(extent[:2], np.inf), np.full(extent[:2], -np.inf)
    np.minimum.at(low, (grid[:, 0], grid[:, 1]), least)
    np.maximum.at(high, (grid[:, 0], grid[:, 1]), largest)
    column = (grid[:, 0], grid[:, 1])
    channels = [*(means / VOXEL - grid - 0.5).T, np.log(counts) / 3, (largest - least) / VOXEL]
    channels += [squash(means[:, 2] - opening(low, window)[column]) for window in WINDOWS]
    channels.append(squash(means[:, 2] - closing(low, PIT)[column]))
    channels.append(squash(window_maximum(high, TOP)[column] - means[:, 2]))
    for level in LEVELS:
        channels += surroundings(grid, means, level)

    nothing = np.zeros(len(occupied))
    has_intensity = varies(intensity)
    has_returns = return_number is not None and varies(number_of_returns)
    channels.append(2 * mean(rank(intensity)) - 1 if has_intensity else nothing)
    if has_returns:
        returns = np.maximum(number_of_returns.astype(np.int64), 1)
        channels += [mean((return_number >= returns).astype(np.float64)), mean((returns >= 2).astype(np.float64))]
    else:
        channels += [nothing, nothing]
    channels += [nothing + has_intensity, nothing + has_returns, *above_planes(grid, means, low)]
    return Voxels(grid.astype(np.int32), np.stack(channels, 1).astype(np.float32), voxel)
