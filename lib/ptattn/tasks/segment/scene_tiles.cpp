#include "ptattn/tasks/segment/scene_tiles.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "ptattn/tasks/segment/tile_input.hpp"

namespace ptattn {
std::size_t tile_voxels_that_fit(const PointNetwork& network, std::size_t memory) {
  if (memory == 0) return network.most_voxels();
  return std::clamp(memory / network.bytes_per_point(), kFewestTileVoxels, network.most_voxels());
}

std::size_t least_memory(const PointNetwork& network) {
  return kFewestTileVoxels * network.bytes_per_point();
}

TilingOptions fitted(TilingOptions options, const PointNetwork& network) {
  const std::size_t fitting = tile_voxels_that_fit(network, options.memory);
  const std::size_t wanted = options.max_tile_voxels;
  options.max_tile_voxels = wanted > 0 ? std::min(wanted, fitting) : fitting;
  const std::uint32_t edge = network.cell_edge();
  options.alignment = std::lcm(options.alignment, edge);
  options.tile_margin = (options.tile_margin + edge - 1) / edge * edge;
  return options;
}

SceneTiles::SceneTiles(const PreparedScene& scene, const PointNetwork& network,
                       const TilingOptions& options)
    : scene_(scene),
      network_(network),
      options_(fitted(options, network)),
      box_(bounding_box(scene.voxels.cells)),
      cores_(cut_tiles(scene.voxels.cells, options_)) {}

SceneTiles::SceneTiles(const PreparedScene& part, const PointNetwork& network,
                       const TilingOptions& options, const TilesOfWhole& whole)
    : SceneTiles(part, network, options) {
  whole_ = whole;
}

PatchCuts SceneTiles::own_cuts(const GridTurn* turn) const {
  if (whole_ || size() <= 1) return {};
  const std::span<const Cell> cells = scene_.voxels.cells;
  return turn != nullptr ? network_.cuts_of((*turn)(cells)) : network_.cuts_of(cells);
}

void SceneTiles::for_each_tile(const TileRequest& request,
                               const std::function<void(const SceneTile& tile)>& body) const {
  const std::span<const Cell> cells = scene_.voxels.cells;
  const PatchCuts own = own_cuts(request.turn);
  const std::size_t quarters = request.turn != nullptr ? request.turn->quarters() : 0;
  const PatchCuts& cuts = whole_ && !whole_->cuts.empty() ? whole_->cuts[quarters] : own;
  const auto show = [&](TileInput shown, const TileBox& core, const TileVoxels& tile) {
    if (request.turn != nullptr) shown.turn(*request.turn);
    body({shown.input(request.category, cuts), core, tile.voxels, tile.weights});
  };
  if (size() == 1) return show(TileInput(scene_), cores_.front(), {});
  for (const TileBox& core : cores_) {
    const TileVoxels tile = make_tile(cells, core, box_, options_);
    show(TileInput(scene_, tile), core, tile);
  }
}

void for_each_tile(const PreparedScene& scene, const PointNetwork& network,
                   const TilingOptions& options, const TileRequest& request,
                   const std::function<void(const SceneTile& tile)>& body) {
  SceneTiles(scene, network, options).for_each_tile(request, body);
}

}  // namespace ptattn
