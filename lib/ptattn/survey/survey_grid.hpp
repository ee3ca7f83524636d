#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/tasks/scene/voxels.hpp"
#include "ptattn/tasks/segment/tiling.hpp"

namespace ptattn {

/// Divides the plane of a scene into squares of whole voxels.
struct SurveyGrid {
  SceneBox box{};
  double voxel = 1.0;
  std::uint32_t edge = 1;  ///< of a square, in voxels
  std::uint32_t rows = 0;  ///< squares along x
  std::uint32_t cols = 0;  ///< along y

  [[nodiscard]] std::size_t size() const { return std::size_t{rows} * cols; }
  [[nodiscard]] std::array<std::uint32_t, 2> voxel_of(const Position& p) const {
    return {voxel_index(p[0] - box.origin[0], voxel), voxel_index(p[1] - box.origin[1], voxel)};
  }
  /// Returns the square that a point of the scene lies in.
  [[nodiscard]] std::uint32_t square_of(const Position& p) const {
    const auto [i, j] = voxel_of(p);
    return i / edge * cols + j / edge;
  }
  /// Returns the squares of a box of squares, row by row, clipped to the grid.
  [[nodiscard]] std::vector<std::uint32_t> squares_in(const TileBox& squares) const {
    std::vector<std::uint32_t> list;
    for (std::uint32_t i = squares.low[0]; i < std::min(squares.high[0], rows); ++i) {
      for (std::uint32_t j = squares.low[1]; j < std::min(squares.high[1], cols); ++j) {
        list.push_back(i * cols + j);
      }
    }
    return list;
  }
  /// Returns the squares that hold voxels of a box, row by row, clipped to the grid.
  [[nodiscard]] std::vector<std::uint32_t> squares_of(const TileBox& voxels) const {
    return squares_in({{voxels.low[0] / edge, voxels.low[1] / edge},
                       {(voxels.high[0] + edge - 1) / edge, (voxels.high[1] + edge - 1) / edge}});
  }
  /// Returns the voxels of a square.
  [[nodiscard]] TileBox square_box(std::uint32_t square) const {
    const std::uint32_t i = square / cols;
    const std::uint32_t j = square % cols;
    return voxels_of({{i, j}, {i + 1, j + 1}});
  }
  /// Returns the voxels of a box of squares.
  [[nodiscard]] TileBox voxels_of(const TileBox& squares) const {
    return {{squares.low[0] * edge, squares.low[1] * edge},
            {squares.high[0] * edge, squares.high[1] * edge}};
  }
};

/// Returns a grid of at most `most` squares, each a multiple of `alignment` voxels wide, and at
/// least 64 voxels.
/// @param largest  the largest cell of the scene
[[nodiscard]] inline SurveyGrid make_grid(const SceneBox& box, const Cell& largest, double voxel,
                                          std::uint32_t alignment, std::size_t most) {
  constexpr std::uint32_t kLeastEdge = 64;
  SurveyGrid grid{.box = box, .voxel = voxel, .edge = alignment};
  while (grid.edge < kLeastEdge) grid.edge += alignment;
  for (;; grid.edge *= 2) {
    grid.rows = largest[0] / grid.edge + 1;
    grid.cols = largest[1] / grid.edge + 1;
    if (grid.size() <= most) return grid;
  }
}

}  // namespace ptattn
