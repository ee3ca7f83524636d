#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/sampling/curve.hpp"

namespace ptattn {

/// Says how a scene of too many voxels is cut into overlapping tiles.
struct TilingOptions {
  /// Bytes that the network may take, where 2^20 voxels need more; 0: any number. Read where the
  /// network is known (SceneTiles).
  std::size_t memory = 0;
  /// Voxels of a tile, its margin included, where the scene allows; 0: any number.
  std::size_t max_tile_voxels = 0;
  std::uint32_t tile_margin = 64;  ///< voxels that a tile sees beyond its core, on each side
  /// Voxels on each side of a border over which neighbours are mixed; what the margin holds beyond
  /// them is context only.
  std::uint32_t blend = 32;
  /// Boxes begin at multiples of it: cells that a network pools lie in one box.
  std::uint32_t alignment = 16;
};

/// Represents a piece of the plane: voxels (i, j, k) with low <= (i, j) < high, whatever k.
struct TileBox {
  std::array<std::uint32_t, 2> low;
  std::array<std::uint32_t, 2> high;

  bool operator==(const TileBox&) const = default;

  /// Returns true for the column (i, j) when it lies in the box.
  [[nodiscard]] bool holds(std::uint32_t i, std::uint32_t j) const {
    return i >= low[0] && i < high[0] && j >= low[1] && j < high[1];
  }
};

/// Holds what a network sees at a time. Cells keep their coordinates in the scene: curves go
/// through a tile as they go through the whole, and cells that a network pools are the same ones.
struct TileVoxels {
  std::vector<std::uint32_t> voxels;  ///< rows of the scene, ascending
  std::vector<float> weights;  ///< of each in the blend: 1 deep in the core, 1/2 at its border,
                               ///< 0 from `blend` beyond it on
};

/// Returns the boxes that cover the plane without overlap, cut along the longer side so that both
/// halves hold about as many voxels, until core and margin together hold at most `max_tile_voxels`,
/// or a box is one alignment unit across.
/// @param cells  in lexicographic order
/// Time O(n + area in alignment units).
[[nodiscard]] std::vector<TileBox> cut_tiles(std::span<const Cell> cells,
                                             const TilingOptions& options);

/// Returns the voxels of a box and its margin, with their weights. The scene's outer border has no
/// margin: a scene that is one box gets weights of 1.
/// @param scene  the box of all cells
/// Time O(n) at worst; the same result for any thread count.
[[nodiscard]] TileVoxels make_tile(std::span<const Cell> cells, const TileBox& box,
                                   const TileBox& scene, const TilingOptions& options);

/// Returns the smallest box that holds all cells.
[[nodiscard]] TileBox bounding_box(std::span<const Cell> cells);

}  // namespace ptattn
