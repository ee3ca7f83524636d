#include "ptattn/tasks/segment/tile_input.hpp"

#include <unistd.h>

#include <algorithm>

#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;
constexpr std::size_t kMostTileVoxels = std::size_t{1} << 20U;

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

template <class Row>
void TileInput::place(const SceneVoxels& scene, const Row& row) {
  parallel_each(positions_.rows(), kVoxelsPerTask, [&](std::size_t i) {
    const std::size_t v = row(i);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      positions_(i, axis) = static_cast<float>(scene.means[v][axis]);
      grid_[3 * i + axis] = static_cast<std::int32_t>(scene.cells[v][axis]);
    }
  });
}

template <class Row>
void TileInput::take_features(const Row& row) {
  own_features_ = Matrix(positions_.rows(), features_.cols);
  parallel_each(positions_.rows(), kVoxelsPerTask, [&](std::size_t i) {
    std::copy_n(features_.row(row(i)), features_.cols, own_features_.row(i));
  });
  features_ = own_features_;
}

TileInput::TileInput(const SceneVoxels& scene, MatrixView values)
    : positions_(scene.size(), 3), features_(values), grid_(3 * scene.size()) {
  place(scene, [](std::size_t i) { return i; });
}

TileInput::TileInput(const SceneVoxels& scene, MatrixView values, const Tile& tile)
    : positions_(tile.voxels.size(), 3), features_(values), grid_(3 * tile.voxels.size()) {
  const auto row = [&](std::size_t i) { return tile.voxels[i]; };
  place(scene, row);
  take_features(row);
}

void TileInput::turn(const GridTurn& turn) {
  if (own_features_.size() == 0) take_features([](std::size_t i) { return i; });
  turn.turn_positions(positions_);
  turn.turn_channels(own_features_);
  parallel_each(positions_.rows(), kVoxelsPerTask, [&](std::size_t i) {
    Cell cell{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      cell[axis] = static_cast<std::uint32_t>(grid_[3 * i + axis]);
    }
    cell = turn(cell);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      grid_[3 * i + axis] = static_cast<std::int32_t>(cell[axis]);
    }
  });
}

PointInput TileInput::input(std::optional<std::size_t> category, const PatchCuts& cuts) const {
  PointInput result = input(category);
  if (!cuts.stages.empty()) result.cuts = &cuts;
  return result;
}

PointInput TileInput::input(std::optional<std::size_t> category) const {
  return {.positions = positions_,
          .features = features_,
          .grid = grid_,
          .ends = {},
          .category = category};
}

}  // namespace ptattn
