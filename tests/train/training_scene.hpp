#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/point_network.hpp"

namespace ptattn::test {

/// Random values in [-1, 1).
inline Matrix random_matrix(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Random random(seed);
  Matrix m(rows, cols);
  for (float& x : m.values()) x = static_cast<float>(2.0 * random.uniform() - 1.0);
  return m;
}

/// Clouds of voxels on a wavy surface with random features, every voxel once.
class TrainingScene {
 public:
  /// @param sizes  voxels of each cloud
  TrainingScene(const std::vector<std::size_t>& sizes, std::size_t channels, std::uint64_t seed) {
    Random random(seed);
    for (const std::size_t size : sizes) {
      const auto side = static_cast<std::uint64_t>(2.0 * std::sqrt(static_cast<double>(size))) + 2;
      std::set<std::array<std::int32_t, 3>> cells;
      while (cells.size() < size) {
        const auto x = static_cast<std::int32_t>(random.below(side));
        const auto y = static_cast<std::int32_t>(random.below(side));
        const auto z = static_cast<std::int32_t>(4.0 + 3.0 * std::sin(0.3 * x) +
                                                 static_cast<double>(random.below(2)));
        cells.insert({x, y, z});
      }
      std::vector<std::array<std::int32_t, 3>> shuffled(cells.begin(), cells.end());
      for (std::size_t i = shuffled.size(); i > 1; --i) {
        std::swap(shuffled[i - 1], shuffled[random.below(i)]);
      }
      for (const auto& cell : shuffled) grid_.insert(grid_.end(), cell.begin(), cell.end());
      ends_.push_back(grid_.size() / 3);
    }
    positions_ = Matrix(ends_.back(), 3);
    for (std::size_t i = 0; i < grid_.size(); ++i) {
      positions_.data()[i] = static_cast<float>(grid_[i]);
    }
    features_ = random_matrix(ends_.back(), channels, seed + 1);
  }

  [[nodiscard]] PointInput input() const { return {positions_, features_, grid_, ends_, {}}; }
  [[nodiscard]] std::size_t rows() const { return ends_.back(); }

 private:
  Matrix positions_;
  Matrix features_;
  std::vector<std::int32_t> grid_;
  std::vector<std::size_t> ends_;
};

}  // namespace ptattn::test
