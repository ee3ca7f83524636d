#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/tasks/scene_voxels.hpp"
#include "ptattn/tasks/tiling.hpp"

namespace ptattn {

/// How many voxels a tile may have for `network` to take no more than `memory` bytes: 20 000 at
/// least, smaller tiles would be mostly margin, and a million at most, so that results are the same
/// on all machines that have memory for so many.
/// @param memory  0: half of the machine's
[[nodiscard]] std::size_t tile_voxels_that_fit(const PointNetwork& network, std::size_t memory);

/// What a network is given of a tile of a scene: its voxels, in the order of the tile.
struct TileInput {
  Matrix positions;                ///< [voxels, 3] their means, from the scene's origin
  Matrix features;                 ///< [voxels, channels]
  std::vector<std::int32_t> grid;  ///< [voxels, 3] their cells in the scene

  /// @param values  [voxels of the scene, channels], as scene_features makes them
  TileInput(const SceneVoxels& scene, MatrixView values, const Tile& tile);

  /// A view of it, valid as long as this lives.
  [[nodiscard]] PointInput input(std::optional<std::size_t> category) const;
};

}  // namespace ptattn
