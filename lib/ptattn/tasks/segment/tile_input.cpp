#include "ptattn/tasks/segment/tile_input.hpp"

#include <algorithm>

#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;

}  // namespace

template <class Row>
void TileInput::take_geometry(const SceneVoxels& voxels, const Row& row) {
  parallel_each(positions_.rows(), kVoxelsPerTask, [&](std::size_t i) {
    const std::size_t v = row(i);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      positions_(i, axis) = static_cast<float>(voxels.means[v][axis]);
      grid_[3 * i + axis] = static_cast<std::int32_t>(voxels.cells[v][axis]);
    }
  });
}

template <class Row>
void TileInput::take_channels(const Row& row) {
  own_channels_ = Matrix(positions_.rows(), channels_.cols);
  parallel_each(positions_.rows(), kVoxelsPerTask, [&](std::size_t i) {
    std::copy_n(channels_.row(row(i)), channels_.cols, own_channels_.row(i));
  });
  channels_ = own_channels_;
}

TileInput::TileInput(const PreparedScene& scene)
    : positions_(scene.size(), 3), channels_(scene.channels), grid_(3 * scene.size()) {
  take_geometry(scene.voxels, [](std::size_t i) { return i; });
}

TileInput::TileInput(const PreparedScene& scene, const TileVoxels& tile)
    : positions_(tile.voxels.size(), 3), channels_(scene.channels), grid_(3 * tile.voxels.size()) {
  const auto row = [&](std::size_t i) { return tile.voxels[i]; };
  take_geometry(scene.voxels, row);
  take_channels(row);
}

void TileInput::turn(const GridTurn& turn) {
  if (own_channels_.size() == 0) take_channels([](std::size_t i) { return i; });
  turn.turn_positions(positions_);
  turn.turn_channels(own_channels_);
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
          .features = channels_,
          .grid = grid_,
          .ends = {},
          .category = category};
}

}  // namespace ptattn
