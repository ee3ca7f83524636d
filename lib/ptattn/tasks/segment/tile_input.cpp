#include "ptattn/tasks/segment/tile_input.hpp"

#include <algorithm>

#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;

}  // namespace

template <class Row>
void TileInput::take_cells(const SceneVoxels& voxels, const Row& row) {
  grid_.resize(3 * positions_.rows());
  parallel_each(positions_.rows(), kVoxelsPerTask, [&](std::size_t i) {
    const Cell& cell = voxels.cells[row(i)];
    for (std::size_t axis = 0; axis < 3; ++axis) {
      grid_[3 * i + axis] = static_cast<std::int32_t>(cell[axis]);
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
    : positions_(rows_relative_to({}, scene.voxels.means)), channels_(scene.channels) {
  take_cells(scene.voxels, [](std::size_t i) { return i; });
}

TileInput::TileInput(const PreparedScene& scene, const TileVoxels& tile)
    : positions_(rows_relative_to({}, scene.voxels.means, tile.voxels)), channels_(scene.channels) {
  const auto row = [&](std::size_t i) { return tile.voxels[i]; };
  take_cells(scene.voxels, row);
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
