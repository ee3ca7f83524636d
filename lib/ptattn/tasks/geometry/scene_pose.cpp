#include "ptattn/tasks/geometry/scene_pose.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numbers>
#include <utility>
#include <vector>

#include "ptattn/cloud/orientation.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kFewest = 100;
constexpr std::size_t kSample = 100'000;
constexpr double kTail = 0.002;
constexpr double kMostCells = 40.0;   // along the second longest extent
constexpr double kLeastInCell = 6.0;  // points, in the mean, so that cells have a bottom and a top
constexpr double kLongestStep = 5.0;  // cells: a cliff counts no more
constexpr double kUpsideDown = 1.15;  // times as smooth above as below

using Pair = std::pair<std::int64_t, std::int64_t>;

/// What one looks at from above: the lowest and the highest point of every cell.
struct Column {
  double low;
  double high;
  std::size_t points;
  std::array<double, 2> place;  ///< of the lowest
};
using Columns = std::map<Pair, Column>;

double at_share(std::vector<double>& values, double share) {
  if (values.empty()) return 0.0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + at);
  return values[static_cast<std::size_t>(at)];
}

struct Box {
  Position low{};
  Position high{};
};

Box robust_box(std::span<const Position> positions) {
  Box box;
  std::vector<double> values(positions.size());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    std::ranges::transform(positions, values.begin(), [&](const Position& p) { return p[axis]; });
    box.low[axis] = at_share(values, kTail);
    box.high[axis] = at_share(values, 1.0 - kTail);
  }
  return box;
}

Columns columns_along(std::span<const Position> positions, std::size_t axis, double cell) {
  const std::size_t u = (axis + 1) % 3;
  const std::size_t v = (axis + 2) % 3;
  Columns columns;
  for (const Position& p : positions) {
    const Pair key{static_cast<std::int64_t>(std::floor(p[u] / cell)),
                   static_cast<std::int64_t>(std::floor(p[v] / cell))};
    const auto [at, fresh] = columns.try_emplace(key, Column{p[axis], p[axis], 0, {p[u], p[v]}});
    Column& column = at->second;
    ++column.points;
    if (p[axis] < column.low) column.low = p[axis], column.place = {p[u], p[v]};
    column.high = std::max(column.high, p[axis]);
  }
  return columns;
}

/// How much rougher the tops of the columns are than their bottoms: from medians and from means.
double roughness_ratio(const Columns& columns, double cell) {
  std::vector<double> low;
  std::vector<double> high;
  for (const auto& [key, column] : columns) {
    for (const Pair& next : {Pair{key.first + 1, key.second}, Pair{key.first, key.second + 1}}) {
      const auto other = columns.find(next);
      if (other == columns.end()) continue;
      low.push_back(std::min(std::abs(column.low - other->second.low), kLongestStep * cell));
      high.push_back(std::min(std::abs(column.high - other->second.high), kLongestStep * cell));
    }
  }
  if (low.empty()) return 1.0;
  const double floor = 0.02 * cell;
  const auto mean = [&](const std::vector<double>& steps) {
    double sum = floor;
    for (const double step : steps) sum += step / static_cast<double>(steps.size());
    return sum;
  };
  const double of_means = mean(high) / mean(low);
  const double of_medians = (at_share(high, 0.5) + floor) / (at_share(low, 0.5) + floor);
  return std::sqrt(of_means * of_medians);
}

/// The same of columns twice as wide where these say that the scene is upside down: they may be too
/// narrow to reach the ground of a forest.
double smoothness_along(std::span<const Position> sample, std::size_t axis, double cell,
                        const Columns& columns) {
  const double ratio = roughness_ratio(columns, cell);
  if (ratio * kUpsideDown >= 1.0) return ratio;
  const double wide = 2.0 * cell;
  return std::max(ratio, roughness_ratio(columns_along(sample, axis, wide), wide));
}

/// The plane through the lowest points: its slope, and how far they are from it.
void fit_ground(const Columns& columns, ScenePose& pose) {
  std::vector<const Column*> used;
  for (const auto& [key, column] : columns) used.push_back(&column);
  std::vector<double> rest(used.size(), 0.0);
  Eigen::Vector3d plane = Eigen::Vector3d::Zero();
  double limit = 1.0;
  for (int pass = 0; pass < 4; ++pass) {
    Eigen::Matrix3d products = Eigen::Matrix3d::Zero();
    Eigen::Vector3d sums = Eigen::Vector3d::Zero();
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (rest[i] > limit) continue;
      const Eigen::Vector3d row(used[i]->place[0], used[i]->place[1], 1.0);
      products += row * row.transpose();
      sums += row * used[i]->low;
    }
    plane = products.ldlt().solve(sums);
    std::vector<double> sorted;
    for (std::size_t i = 0; i < used.size(); ++i) {
      rest[i] = std::abs(used[i]->low -
                         plane.dot(Eigen::Vector3d(used[i]->place[0], used[i]->place[1], 1.0)));
      sorted.push_back(rest[i]);
    }
    pose.relief = at_share(sorted, 0.5);
    limit = 2.5 * pose.relief;
  }
  const double slope = std::hypot(plane[0], plane[1]);
  if (std::isfinite(slope)) pose.tilt = std::atan(slope) * 180.0 / std::numbers::pi;
  pose.relief /= std::max(std::ranges::max(pose.extent), 1e-300);
}

/// Heights above the lowest points of the cells, and points a covered area.
void measure_cover(std::span<const Position> positions, const Columns& columns, double cell,
                   std::size_t all, ScenePose& pose) {
  const std::size_t axis = coordinate_of(pose.up);
  const std::size_t u = (axis + 1) % 3;
  const std::size_t v = (axis + 2) % 3;
  std::vector<double> heights;
  for (const Position& p : positions) {
    const auto& column = columns.at({static_cast<std::int64_t>(std::floor(p[u] / cell)),
                                     static_cast<std::int64_t>(std::floor(p[v] / cell))});
    heights.push_back(points_down(pose.up) ? column.high - p[axis] : p[axis] - column.low);
  }
  pose.height = at_share(heights, 0.99);
  pose.density = static_cast<double>(all) / (static_cast<double>(columns.size()) * cell * cell);
}

}  // namespace

bool ScenePose::is_bulky() const {
  return !is_flat() && std::ranges::min(extent) > 0.5 * std::ranges::max(extent);
}

std::optional<ScenePose> scene_pose(std::span<const Position> positions) {
  if (positions.size() < kFewest) return std::nullopt;
  const std::size_t step = (positions.size() + kSample - 1) / kSample;
  std::vector<Position> sample;
  for (std::size_t i = 0; i < positions.size(); i += step) sample.push_back(positions[i]);
  const Box box = robust_box(sample);
  const auto outside = [&](const Position& p) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (p[axis] < box.low[axis] || p[axis] > box.high[axis]) return true;
    }
    return false;
  };
  std::erase_if(sample, outside);
  for (Position& p : sample) {
    for (std::size_t axis = 0; axis < 3; ++axis) p[axis] -= box.low[axis];
  }
  ScenePose pose;
  pose.points = sample.size();
  for (std::size_t axis = 0; axis < 3; ++axis) pose.extent[axis] = box.high[axis] - box.low[axis];
  Position sides = pose.extent;
  std::ranges::sort(sides);
  if (!(sides[1] > 0.0)) return std::nullopt;
  const double in_cells = static_cast<double>(sample.size()) / kLeastInCell;
  const double cell = std::max(sides[1] / kMostCells, std::sqrt(sides[1] * sides[2] / in_cells));
  std::array<Columns, 3> seen;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    seen[axis] = columns_along(sample, axis, cell);
    pose.cover[axis] = seen[axis].size();
  }
  std::size_t best = 2;
  for (const std::size_t axis : {1U, 0U}) {
    if (pose.cover[axis] > pose.cover[best]) best = axis;
  }
  const std::size_t other = std::max(pose.cover[(best + 1) % 3], pose.cover[(best + 2) % 3]);
  pose.flatness = static_cast<double>(pose.cover[best]) / static_cast<double>(other);
  pose.smoothness = smoothness_along(sample, best, cell, seen[best]);
  pose.up = static_cast<Axis>(best + (pose.smoothness * kUpsideDown < 1.0 ? 3 : 0));
  fit_ground(seen[best], pose);
  const double kept = static_cast<double>(sample.size()) * static_cast<double>(step);
  measure_cover(sample, seen[best], cell, static_cast<std::size_t>(kept), pose);
  return pose;
}

}  // namespace ptattn
