#include "ptattn/tasks/segment/tiling.hpp"

#include <algorithm>

#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/segment/plane_census.hpp"

namespace ptattn {
namespace {

/// The share of a tile in a voxel at `x`, along one axis: rises over the margin on both sides of a
/// border that has a neighbour.
float ramp(std::uint32_t x, std::uint32_t low, std::uint32_t high, bool open_low, bool open_high,
           std::uint32_t blend) {
  const float center = static_cast<float>(x) + 0.5F;
  const auto width = 2.0F * static_cast<float>(blend);
  float weight = 1.0F;
  if (open_low) {
    weight = std::min(weight, (center - static_cast<float>(low)) / width + 0.5F);
  }
  if (open_high) {
    weight = std::min(weight, (static_cast<float>(high) - center) / width + 0.5F);
  }
  return std::max(weight, 0.0F);
}

}  // namespace

TileBox bounding_box(std::span<const Cell> cells) {
  // Largest coordinates, and the least as the largest of their complements.
  using Corners = std::array<std::uint32_t, 4>;
  const Corners corners = largest_of(cells.size(), Corners{}, [&](std::size_t i) {
    const auto [x, y, z] = cells[i];
    return Corners{x + 1, y + 1, UINT32_MAX - x, UINT32_MAX - y};
  });
  if (cells.empty()) return {{0, 0}, {0, 0}};
  return {{UINT32_MAX - corners[2], UINT32_MAX - corners[3]}, {corners[0], corners[1]}};
}

std::vector<TileBox> cut_tiles(std::span<const Cell> cells, const TilingOptions& options) {
  if (cells.empty()) return {};
  const TileBox scene = bounding_box(cells);
  if (options.max_tile_voxels == 0 || cells.size() <= options.max_tile_voxels) return {scene};
  const std::uint32_t unit = options.alignment;
  TileBox units{};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    units.low[axis] = scene.low[axis] / unit;
    units.high[axis] = (scene.high[axis] + unit - 1) / unit;
  }
  PlaneCensus<std::uint32_t> census(units);
  for (const Cell& cell : cells) census.add(cell[0] / unit, cell[1] / unit);
  census.sum_up();
  std::vector<TileBox> boxes;
  const std::uint32_t margin = (options.tile_margin + unit - 1) / unit;
  const auto fits = [&](const TileBox& box) {
    return census.count(widened(box, margin)) <= options.max_tile_voxels;
  };
  cut_box(census, units, fits, boxes);
  for (TileBox& box : boxes) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      box.low[axis] *= unit;
      box.high[axis] = std::min(box.high[axis] * unit, scene.high[axis]);
    }
  }
  return boxes;
}

TileVoxels make_tile(std::span<const Cell> cells, const TileBox& box, const TileBox& scene,
                     const TilingOptions& options) {
  const std::uint32_t blend = std::clamp(options.blend, 1U, std::max(options.tile_margin, 1U));
  const TileBox seen = widened(box, options.tile_margin);
  std::array<bool, 2> open_low{};
  std::array<bool, 2> open_high{};
  TileVoxels tile;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    open_low[axis] = box.low[axis] > scene.low[axis];
    open_high[axis] = box.high[axis] < scene.high[axis];
  }
  const auto first =
      std::ranges::lower_bound(cells, seen.low[0], {}, [](const Cell& c) { return c[0]; });
  for (auto cell = first; cell != cells.end() && (*cell)[0] < seen.high[0]; ++cell) {
    if ((*cell)[1] < seen.low[1] || (*cell)[1] >= seen.high[1]) continue;
    float weight = 1.0F;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      weight *= ramp((*cell)[axis], box.low[axis], box.high[axis], open_low[axis], open_high[axis],
                     blend);
    }
    tile.voxels.push_back(static_cast<std::uint32_t>(cell - cells.begin()));
    tile.weights.push_back(weight);
  }
  return tile;
}

}  // namespace ptattn
