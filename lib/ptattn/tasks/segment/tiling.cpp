#include "ptattn/tasks/segment/tiling.hpp"

#include <algorithm>

#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

/// Numbers of voxels in rectangles of the plane, in units of the alignment.
class Census {
 public:
  Census(std::span<const Cell> cells, const TileBox& scene, std::uint32_t unit)
      : rows_((scene.high[0] + unit - 1) / unit),
        cols_((scene.high[1] + unit - 1) / unit),
        sums_((rows_ + 1) * (cols_ + 1)) {
    for (const Cell& cell : cells) ++at(cell[0] / unit + 1, cell[1] / unit + 1);
    for (std::size_t i = 1; i <= rows_; ++i) {
      std::uint32_t row = 0;
      for (std::size_t j = 1; j <= cols_; ++j) {
        row += at(i, j);
        at(i, j) = row + at(i - 1, j);
      }
    }
  }

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  /// Voxels in units [low, high), clipped to the plane.
  [[nodiscard]] std::size_t count(const TileBox& units) const {
    const std::size_t top = units.low[0];
    const std::size_t left = units.low[1];
    const std::size_t bottom = std::min<std::size_t>(units.high[0], rows_);
    const std::size_t right = std::min<std::size_t>(units.high[1], cols_);
    return std::size_t{at(bottom, right)} + at(top, left) - at(top, right) - at(bottom, left);
  }

 private:
  [[nodiscard]] std::uint32_t& at(std::size_t i, std::size_t j) {
    return sums_[i * (cols_ + 1) + j];
  }
  [[nodiscard]] std::uint32_t at(std::size_t i, std::size_t j) const {
    return sums_[i * (cols_ + 1) + j];
  }

  std::size_t rows_;
  std::size_t cols_;
  std::vector<std::uint32_t> sums_;  ///< [i, j]: voxels in units below i and below j
};

TileBox widened(const TileBox& box, std::uint32_t margin) {
  TileBox result = box;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    result.low[axis] -= std::min(box.low[axis], margin);
    result.high[axis] += margin;
  }
  return result;
}

/// The cut along `axis` that parts the voxels of a box most evenly.
std::uint32_t best_cut(const Census& census, const TileBox& box, std::size_t axis) {
  const std::size_t total = census.count(box);
  std::uint32_t best = box.low[axis] + 1;
  std::size_t least = total;
  for (std::uint32_t cut = box.low[axis] + 1; cut < box.high[axis]; ++cut) {
    TileBox first = box;
    first.high[axis] = cut;
    const std::size_t before = census.count(first);
    const std::size_t larger = std::max(before, total - before);
    if (larger < least) {
      least = larger;
      best = cut;
    }
  }
  return best;
}

void cut(const Census& census, const TileBox& box, std::size_t max_voxels, std::uint32_t margin,
         std::vector<TileBox>& boxes) {
  if (census.count(box) == 0) return;
  const std::uint32_t height = box.high[0] - box.low[0];
  const std::uint32_t width = box.high[1] - box.low[1];
  if (census.count(widened(box, margin)) <= max_voxels || std::max(height, width) == 1) {
    boxes.push_back(box);
    return;
  }
  const std::size_t axis = height >= width ? 0 : 1;
  TileBox first = box;
  TileBox second = box;
  first.high[axis] = second.low[axis] = best_cut(census, box, axis);
  cut(census, first, max_voxels, margin, boxes);
  cut(census, second, max_voxels, margin, boxes);
}

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
  const std::array<std::uint32_t, 2> high =
      largest_of(cells.size(), std::array<std::uint32_t, 2>{}, [&](std::size_t i) {
        return std::array{cells[i][0] + 1, cells[i][1] + 1};
      });
  return {{0, 0}, high};
}

std::vector<TileBox> cut_tiles(std::span<const Cell> cells, const TilingOptions& options) {
  if (cells.empty()) return {};
  const TileBox scene = bounding_box(cells);
  if (options.max_tile_voxels == 0 || cells.size() <= options.max_tile_voxels) return {scene};
  const std::uint32_t unit = options.alignment;
  const Census census(cells, scene, unit);
  const TileBox all{
      {0, 0},
      {static_cast<std::uint32_t>(census.rows()), static_cast<std::uint32_t>(census.cols())}};
  std::vector<TileBox> boxes;
  cut(census, all, options.max_tile_voxels, (options.tile_margin + unit - 1) / unit, boxes);
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
