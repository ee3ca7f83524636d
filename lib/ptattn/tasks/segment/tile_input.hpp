#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"
#include "ptattn/tasks/segment/grid_turn.hpp"
#include "ptattn/tasks/segment/tiling.hpp"

namespace ptattn {

/// Holds what a network is given of a scene or of one of its tiles: the voxels in their order, with
/// mean positions, channels and cells.
class TileInput {
 public:
  TileInput(const PreparedScene& scene, const TileVoxels& tile);
  /// Takes the whole scene. Refers to its channels as long as it is not turned.
  explicit TileInput(const PreparedScene& scene);

  /// Turns positions, channels and cells, as seen from another heading.
  void turn(const GridTurn& turn);

  /// Returns a view of it and of `cuts`, valid as long as both live.
  /// @param cuts  of the scene that it is a tile of; empty for a whole
  [[nodiscard]] PointInput input(std::optional<std::size_t> category, const PatchCuts& cuts) const;
  [[nodiscard]] PointInput input(std::optional<std::size_t> category) const;

 private:
  /// @param row  of the scene, by row of the tile
  template <class Row>
  void take_cells(const SceneVoxels& voxels, const Row& row);
  template <class Row>
  void take_channels(const Row& row);

  Matrix positions_;                ///< [voxels, 3] their means, from the scene's origin
  MatrixView channels_;             ///< [voxels, channels]
  Matrix own_channels_;             ///< what `channels_` is a view of, unless of the scene's
  std::vector<std::int32_t> grid_;  ///< [voxels, 3] their cells in the scene
};

}  // namespace ptattn
