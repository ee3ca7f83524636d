#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/models/point_network.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"
#include "ptattn/tasks/segment/grid_turn.hpp"
#include "ptattn/tasks/segment/tiling.hpp"

namespace ptattn {

/// Fewer voxels than that would be mostly margin.
inline constexpr std::size_t kFewestTileVoxels = 20'000;

/// Returns the number of voxels that a tile may have for `network` to take no more than `memory`
/// bytes: at least kFewestTileVoxels, and the network's most_voxels() at most, so that results are
/// the same on all machines that have memory for so many.
/// @param memory  0: any number
[[nodiscard]] std::size_t tile_voxels_that_fit(const PointNetwork& network, std::size_t memory);

/// Returns the bytes that tiles of the fewest voxels take.
[[nodiscard]] std::size_t least_memory(const PointNetwork& network);

/// Chooses how a network is shown the tiles of a scene.
struct TileRequest {
  std::optional<std::size_t> category{};  ///< of the object, for networks that label its parts
  const GridTurn* turn = nullptr;         ///< the heading; null: as the scene lies
};

/// Views one tile while it is shown to a network.
struct SceneTile {
  PointInput input;                       ///< for the network
  TileBox core;                           ///< the tile without its margin
  std::span<const std::uint32_t> voxels;  ///< rows of the scene, ascending; empty: all of them
  std::span<const float> weights;         ///< of each in the blend; empty: 1

  [[nodiscard]] std::size_t size() const { return input.features.rows; }
  [[nodiscard]] bool is_whole() const { return voxels.empty(); }
  /// Returns the scene's row of the i-th voxel of the tile.
  [[nodiscard]] std::size_t voxel(std::size_t i) const { return is_whole() ? i : voxels[i]; }
};

/// Says what the tiles of a part of a scene must know of the whole.
struct TilesOfWhole {
  TileBox box;                      ///< of all its cells
  std::span<const PatchCuts> cuts;  ///< by quarter turns; empty for networks without patches
};

/// Returns tiling options as a network wants them: with the limit that its memory sets, and such
/// that none of its cells is cut.
[[nodiscard]] TilingOptions fitted(TilingOptions options, const PointNetwork& network);

/// Cuts a scene into tiles that a network has memory for; a scene that fits stays whole. Refers to
/// its arguments.
class SceneTiles {
 public:
  /// Cuts the scene. Time O(n + area in alignment units).
  SceneTiles(const PreparedScene& scene, const PointNetwork& network, const TilingOptions& options);
  /// Cuts a part of a scene.
  SceneTiles(const PreparedScene& part, const PointNetwork& network, const TilingOptions& options,
             const TilesOfWhole& whole);

  [[nodiscard]] std::size_t size() const { return cores_.size(); }
  [[nodiscard]] const PreparedScene& scene() const { return scene_; }
  /// Returns the box of all cells, of the whole where this is a part.
  [[nodiscard]] const TileBox& box() const { return whole_ ? whole_->box : box_; }
  [[nodiscard]] std::uint32_t alignment() const { return options_.alignment; }

  /// Calls `body` with each tile, one after the other. Attention in a tile looks at the same
  /// patches as in the whole scene (PointNetwork::cuts_of).
  void for_each_tile(const TileRequest& request,
                     const std::function<void(const SceneTile& tile)>& body) const;

 private:
  [[nodiscard]] PatchCuts own_cuts(const GridTurn* turn) const;

  const PreparedScene& scene_;
  const PointNetwork& network_;
  TilingOptions options_;
  TileBox box_;
  std::optional<TilesOfWhole> whole_{};
  std::vector<TileBox> cores_;
};

/// Cuts a scene and calls `body` with each tile. Does nothing for a scene without voxels.
void for_each_tile(const PreparedScene& scene, const PointNetwork& network,
                   const TilingOptions& options, const TileRequest& request,
                   const std::function<void(const SceneTile& tile)>& body);

}  // namespace ptattn
