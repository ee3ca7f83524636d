#include "ptattn/tasks/segment/instances.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "ptattn/tasks/geometry/plan_components.hpp"
#include "ptattn/tasks/geometry/spacing.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSpacingNeighbor = 4;
constexpr double kSpacingRoom = 1.5;

double cell_edge(std::span<const Position> positions, const InstanceOptions& options) {
  return std::max(options.cell, kSpacingRoom * median_spacing(positions, kSpacingNeighbor));
}

std::vector<PlanCell> cells_of(std::span<const Position> positions, double edge) {
  std::vector<PlanCell> cells(positions.size());
  std::ranges::transform(positions, cells.begin(), [&](const Position& p) {
    return PlanCell{static_cast<std::int64_t>(std::floor(p[0] / edge)),
                    static_cast<std::int64_t>(std::floor(p[1] / edge))};
  });
  return cells;
}

/// Numbers things anew from 1 on, those that do not count becoming 0.
/// @param things  [n], below `count`
std::vector<std::uint32_t> renumbered(std::span<const std::size_t> things,
                                      const std::vector<bool>& counts) {
  std::vector<std::uint32_t> number(counts.size(), 0);
  std::uint32_t next = 0;
  for (std::size_t t = 0; t < counts.size(); ++t) {
    if (counts[t]) number[t] = ++next;
  }
  std::vector<std::uint32_t> result(things.size());
  std::ranges::transform(things, result.begin(), [&](std::size_t t) { return number[t]; });
  return result;
}

std::vector<std::size_t> count_members(std::span<const std::size_t> things, std::size_t count) {
  std::vector<std::size_t> members(count, 0);
  for (const std::size_t t : things) ++members[t];
  return members;
}

/// The heights of cells: of the highest point, and of the lowest.
struct CellHeights {
  std::vector<double> top;
  std::vector<double> bottom;
};

CellHeights heights_of(std::span<const Position> positions, std::span<const PlanCell> cells,
                       std::span<const PlanCell> occupied) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  CellHeights heights{std::vector<double>(occupied.size(), -kFar),
                      std::vector<double>(occupied.size(), kFar)};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t at = place_of(occupied, cells[i]);
    heights.top[at] = std::max(heights.top[at], positions[i][2]);
    heights.bottom[at] = std::min(heights.bottom[at], positions[i][2]);
  }
  return heights;
}

/// The highest cell within the reach of each, itself where none is higher; of equals the first.
std::vector<std::size_t> uphill(std::span<const PlanCell> occupied, std::span<const double> top,
                                std::int64_t reach) {
  std::vector<std::size_t> next(occupied.size());
  for (std::size_t c = 0; c < occupied.size(); ++c) {
    std::size_t best = c;
    for (std::int64_t dx = -reach; dx <= reach; ++dx) {
      for (std::int64_t dy = -reach; dy <= reach; ++dy) {
        if (dx * dx + dy * dy > reach * reach) continue;
        const std::size_t other =
            place_of(occupied, {occupied[c].first + dx, occupied[c].second + dy});
        if (other == occupied.size()) continue;
        if (std::pair(-top[other], other) < std::pair(-top[best], best)) best = other;
      }
    }
    next[c] = best;
  }
  return next;
}

}  // namespace

std::vector<std::uint32_t> connected_instances(std::span<const Position> positions,
                                               const InstanceOptions& options) {
  if (positions.empty()) return {};
  const double edge = cell_edge(positions, options);
  const std::vector<PlanCell> cells = cells_of(positions, edge);
  const std::vector<std::int32_t> components = plan_components(cells);
  const std::vector<std::size_t> things(components.begin(), components.end());
  const std::size_t count = std::ranges::max(things) + 1;
  const std::vector<std::size_t> points = count_members(things, count);
  const std::vector<PlanCell> occupied = occupied_cells(cells);
  const std::vector<std::int32_t> of_cell = plan_components(occupied);
  const std::vector<std::size_t> cell_things(of_cell.begin(), of_cell.end());
  const std::vector<std::size_t> areas = count_members(cell_things, count);
  std::vector<bool> counts(count);
  for (std::size_t t = 0; t < count; ++t) {
    counts[t] = points[t] >= options.fewest_points &&
                static_cast<double>(areas[t]) * edge * edge >= options.least_area;
  }
  return renumbered(things, counts);
}

std::vector<std::uint32_t> crown_instances(std::span<const Position> positions,
                                           const InstanceOptions& options) {
  if (positions.empty()) return {};
  const double edge = cell_edge(positions, options);
  const std::vector<PlanCell> cells = cells_of(positions, edge);
  const std::vector<PlanCell> occupied = occupied_cells(cells);
  const CellHeights heights = heights_of(positions, cells, occupied);
  const auto reach = std::max<std::int64_t>(1, std::llround(options.crown_radius / edge));
  std::vector<std::size_t> top = uphill(occupied, heights.top, reach);
  for (std::size_t& t : top) {
    while (top[t] != t) t = top[t];
  }
  std::vector<double> bottom(occupied.size(), std::numeric_limits<double>::infinity());
  for (std::size_t c = 0; c < occupied.size(); ++c) {
    bottom[top[c]] = std::min(bottom[top[c]], heights.bottom[c]);
  }
  std::vector<std::size_t> things(cells.size());
  std::ranges::transform(cells, things.begin(),
                         [&](const PlanCell& cell) { return top[place_of(occupied, cell)]; });
  const std::vector<std::size_t> points = count_members(things, occupied.size());
  std::vector<bool> counts(occupied.size());
  for (std::size_t t = 0; t < counts.size(); ++t) {
    counts[t] =
        points[t] >= options.fewest_points && heights.top[t] - bottom[t] >= options.least_crown;
  }
  return renumbered(things, counts);
}

}  // namespace ptattn
