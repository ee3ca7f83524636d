#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/tasks/scene/voxels.hpp"
#include "ptattn/tasks/segment/grid_turn.hpp"
#include "ptattn/tasks/segment/tiling.hpp"

namespace ptattn {

/// Fewer voxels than that would be mostly margin.
inline constexpr std::size_t kFewestTileVoxels = 20'000;

/// How many voxels a tile may have for `network` to take no more than `memory` bytes: at least
/// kFewestTileVoxels, and 2^20 at most, so that results are the same on all machines that have
/// memory for so many.
/// @param memory  0: half of the machine's
[[nodiscard]] std::size_t tile_voxels_that_fit(const PointNetwork& network, std::size_t memory);

/// Bytes that tiles of the fewest voxels take.
[[nodiscard]] std::size_t least_memory(const PointNetwork& network);

/// Where the network cuts the patches of a scene of several tiles; empty for a scene of one.
[[nodiscard]] PatchCuts cuts_for(const PointNetwork& network, std::span<const Cell> cells,
                                 std::size_t tiles);

/// What a network is given of a tile of a scene: its voxels, in the order of the tile.
class TileInput {
 public:
  /// @param values  [voxels of the scene, channels], as scene_features makes them
  TileInput(const SceneVoxels& scene, MatrixView values, const Tile& tile);
  /// The whole scene. Refers to `values` as long as it is not turned.
  TileInput(const SceneVoxels& scene, MatrixView values);

  /// The same seen from another heading.
  void turn(const GridTurn& turn);

  /// A view of it and of `cuts`, valid as long as both live.
  [[nodiscard]] PointInput input(std::optional<std::size_t> category, const PatchCuts& cuts) const;
  [[nodiscard]] PointInput input(std::optional<std::size_t> category) const;

 private:
  /// @param row  of the scene, by row of the tile
  template <class Row>
  void place(const SceneVoxels& scene, const Row& row);
  template <class Row>
  void take_features(const Row& row);

  Matrix positions_;                ///< [voxels, 3] their means, from the scene's origin
  MatrixView features_;             ///< [voxels, channels]
  Matrix own_features_;             ///< what `features_` is a view of, unless of the scene's
  std::vector<std::int32_t> grid_;  ///< [voxels, 3] their cells in the scene
};

}  // namespace ptattn
