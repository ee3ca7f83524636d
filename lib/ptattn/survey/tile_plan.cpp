#include "ptattn/survey/tile_plan.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "ptattn/survey/make_plan.hpp"
#include "ptattn/tasks/segment/plane_census.hpp"

namespace ptattn {
namespace {

/// What a point takes while its tile is labelled: its fields, its position, its places in the order
/// of voxels. Room for sorting it is there before its voxel is.
std::uint64_t bytes_of_point(const SurveyPlan& plan, std::size_t classes) {
  constexpr std::uint64_t kOrder = 16;
  return plan.layout.stride() + sizeof(Position) + kOrder + 4 * classes;
}

/// What a voxel takes: channels, which those that channels alone look at lack; cell, mean and
/// column; surroundings.
std::uint64_t bytes_of_voxel(std::size_t channels) {
  constexpr std::uint64_t kPlace = 50;
  constexpr std::uint64_t kShapes = 60;
  return 4 * channels + kPlace + kShapes;
}

/// Sums of what is in the squares of a survey.
PlaneCensus<std::uint64_t> census_of(
    const SurveyGrid& grid, const std::function<std::uint64_t(std::uint32_t square)>& amount_in) {
  PlaneCensus<std::uint64_t> census({{0, 0}, {grid.rows, grid.cols}});
  for (std::uint32_t square = 0; square < grid.size(); ++square) {
    census.add(square / grid.cols, square % grid.cols, amount_in(square));
  }
  census.sum_up();
  return census;
}

/// Points of each square.
std::vector<std::uint64_t> points_by_square(std::span<const PointChunk> chunks,
                                            std::size_t squares) {
  std::vector<std::uint64_t> points(squares);
  for (const PointChunk& chunk : chunks) points[chunk.square] += chunk.points;
  return points;
}

/// Of the memory, what a tile and its channels may take before the network sees them; it gets half
/// of all when most of them are gone.
constexpr std::uint64_t share_of_tile(std::uint64_t memory) {
  return memory / 5 * 4;
}

}  // namespace

std::uint64_t memory_needed(const SurveyPlan& plan) {
  return plan.tile_bytes / 4 * 5;
}

void cut_into_tiles(const PointStore& store, std::uint64_t most, const SquareBytes& bytes,
                    SurveyPlan& plan) {
  const SurveyGrid& grid = plan.grid;
  const auto of_points = census_of(grid, bytes.of_points);
  const auto of_columns = census_of(grid, bytes.of_columns);
  const std::uint32_t near = (plan.margin + grid.edge - 1) / grid.edge;
  const std::uint32_t far = (plan.column_margin + grid.edge - 1) / grid.edge;
  const auto bytes_of = [&](const TileBox& box) {
    const TileBox seen = widened(box, near);
    return of_points.count(seen) + of_columns.count(widened(box, far)) - of_columns.count(seen);
  };
  std::vector<TileBox> boxes;
  const auto fits = [&](const TileBox& box) { return most == 0 || bytes_of(box) <= most; };
  cut_box(of_points, of_points.all(), fits, boxes);
  for (const TileBox& box : boxes) {
    plan.tile_bytes = std::max(plan.tile_bytes, bytes_of(box));
    SurveyTile tile{.squares = box};
    for (const std::uint32_t square : grid.squares_in(box)) tile.points += store.points_of(square);
    plan.tiles.push_back(tile);
  }
}

void plan_tiles(const PointStore& store, const VoxelFile& voxels, const SegmenterModel& model,
                const SegmentOptions& options, SurveyPlan& plan) {
  const std::size_t kept = options.probabilities ? model.network->out_channels() : 0;
  const std::uint64_t of_point = bytes_of_point(plan, kept);
  const std::uint64_t of_voxel = bytes_of_voxel(model.network->in_channels());
  const std::uint64_t of_far_voxel = bytes_of_voxel(0);
  const auto lowest = points_by_square(plan.lowest, plan.grid.size());
  const auto points = [&](std::uint32_t square) {
    return of_point * store.points_of(square) + of_voxel * voxels.voxels_of(square);
  };
  const auto columns = [&](std::uint32_t square) {
    if (!plan.lowest.empty()) return (of_point + of_far_voxel) * lowest[square];
    return of_point * store.points_of(square) + of_far_voxel * voxels.voxels_of(square);
  };
  cut_into_tiles(store, share_of_tile(options.tiling.memory), {points, columns}, plan);
}

}  // namespace ptattn
