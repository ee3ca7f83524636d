#include "ptattn/tasks/tile_input.hpp"

#include <unistd.h>

#include <algorithm>

#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;
constexpr std::size_t kMostTileVoxels = 1'000'000;

std::size_t half_of_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return std::size_t{2} << 30U;
  return static_cast<std::size_t>(pages) / 2 * static_cast<std::size_t>(page);
}

}  // namespace

std::size_t tile_voxels_that_fit(const PointNetwork& network, std::size_t memory) {
  const std::size_t bytes = memory > 0 ? memory : half_of_memory();
  return std::clamp(bytes / network.bytes_per_point(), kFewestTileVoxels, kMostTileVoxels);
}

std::size_t least_memory(const PointNetwork& network) {
  return kFewestTileVoxels * network.bytes_per_point();
}

PatchCuts cuts_for(const PointNetwork& network, std::span<const Cell> cells, std::size_t tiles) {
  return tiles > 1 ? network.cuts_of(cells) : PatchCuts{};
}

TileInput::TileInput(const SceneVoxels& scene, MatrixView values, const Tile& tile)
    : positions(tile.voxels.size(), 3),
      features(tile.voxels.size(), values.cols),
      grid(3 * tile.voxels.size()) {
  parallel_each(tile.voxels.size(), kVoxelsPerTask, [&](std::size_t i) {
    const std::uint32_t v = tile.voxels[i];
    for (std::size_t axis = 0; axis < 3; ++axis) {
      positions(i, axis) = static_cast<float>(scene.means[v][axis]);
      grid[3 * i + axis] = static_cast<std::int32_t>(scene.cells[v][axis]);
    }
    std::copy_n(values.row(v), values.cols, features.row(i));
  });
}

void TileInput::turn(const GridTurn& turn) {
  turn.turn_positions(positions);
  turn.turn_channels(features);
  parallel_each(positions.rows(), kVoxelsPerTask, [&](std::size_t i) {
    Cell cell{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      cell[axis] = static_cast<std::uint32_t>(grid[3 * i + axis]);
    }
    cell = turn(cell);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      grid[3 * i + axis] = static_cast<std::int32_t>(cell[axis]);
    }
  });
}

PointInput TileInput::input(std::optional<std::size_t> category, const PatchCuts& cuts) const {
  PointInput result = input(category);
  if (!cuts.stages.empty()) result.cuts = &cuts;
  return result;
}

PointInput TileInput::input(std::optional<std::size_t> category) const {
  return {
      .positions = positions, .features = features, .grid = grid, .ends = {}, .category = category};
}

}  // namespace ptattn
