#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "ptattn/core/random.hpp"
#include "ptattn/models/ptv3/ptv3.hpp"
#include "ptv3_shapes.hpp"

namespace ptattn::test {

/// Three stages, a block or two in each; patches so small that clouds have many.
inline Ptv3Config small_config(Ptv3Mode mode) {
  Ptv3Config config;
  config.mode = mode;
  config.in_channels = 4;
  config.encoder = {{2, 12, 2, 16}, {1, 18, 3, 16}, {1, 24, 2, 8}};
  config.stride = {2, 2};
  config.decoder = {{1, 12, 1, 16}, {2, 12, 2, 16}};
  if (mode == Ptv3Mode::kLitept) {  // all four kinds of blocks, one after the other
    config.encoder[0].attention = config.encoder[2].convolution = false;
    config.decoder[0].convolution = config.decoder[0].attention = false;
  }
  return config;
}

inline Ptv3 network_of(const Ptv3Config& config, std::size_t classes = 5) {
  const FormulaWeights weights(ptv3_shapes(config, classes), "", "weights");
  return {config, std::make_shared<const Ptv3Weights>(read_ptv3_weights(config, weights))};
}

/// Voxels of a cloud, each once, with features.
struct Voxels {
  Matrix positions;
  Matrix features;
  std::vector<std::int32_t> grid;
  std::vector<std::size_t> ends;

  [[nodiscard]] PointInput input() const { return {positions, features, grid, ends, {}}; }
  [[nodiscard]] std::vector<Cell> cells() const {
    std::vector<Cell> result(grid.size() / 3);
    for (std::size_t i = 0; i < grid.size(); ++i) {
      result[i / 3][i % 3] = static_cast<std::uint32_t>(grid[i]);
    }
    return result;
  }
};

inline Voxels with_grid(std::vector<std::int32_t> grid, std::uint64_t seed) {
  Random random(seed);
  const std::size_t n = grid.size() / 3;
  Voxels voxels{Matrix(n, 3), Matrix(n, 4), std::move(grid), {}};
  for (std::size_t i = 0; i < 3 * n; ++i) {
    voxels.positions.data()[i] =
        0.1F * (static_cast<float>(voxels.grid[i]) + static_cast<float>(random.uniform()));
  }
  for (float& x : voxels.features.values()) x = static_cast<float>(2.0 * random.uniform() - 1.0);
  return voxels;
}

/// `n` different voxels of a cube of 16 a side, one of them in its last corner.
inline Voxels random_voxels(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::set<std::array<std::int32_t, 3>> seen = {{15, 15, 15}};
  std::vector<std::int32_t> grid = {15, 15, 15};
  while (seen.size() < n) {
    std::array<std::int32_t, 3> cell{};
    for (std::int32_t& x : cell) x = static_cast<std::int32_t>(random.below(16));
    if (seen.insert(cell).second) grid.insert(grid.end(), cell.begin(), cell.end());
  }
  return with_grid(std::move(grid), seed);
}

inline Voxels permuted(const Voxels& voxels, const std::vector<std::size_t>& rows) {
  Voxels result{Matrix(rows.size(), 3), Matrix(rows.size(), 4), {}, {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(voxels.positions.row(rows[i]), 3, result.positions.row(i));
    std::copy_n(voxels.features.row(rows[i]), 4, result.features.row(i));
    for (std::size_t a = 0; a < 3; ++a) result.grid.push_back(voxels.grid[3 * rows[i] + a]);
  }
  return result;
}

inline bool same_values(MatrixView a, MatrixView b) {
  bool same = a.rows == b.rows && a.cols == b.cols;
  for (std::size_t i = 0; same && i < a.rows; ++i)
    same = std::equal(a.row(i), a.row(i) + a.cols, b.row(i));
  return same;
}

inline bool is_finite(const Matrix& m) {
  return std::ranges::all_of(m.values(), [](float x) { return std::isfinite(x); });
}

inline constexpr Ptv3Mode kModes[] = {Ptv3Mode::kBase, Ptv3Mode::kSonata, Ptv3Mode::kUtonia,
                                      Ptv3Mode::kLitept};

}  // namespace ptattn::test
