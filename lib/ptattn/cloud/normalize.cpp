#include "ptattn/cloud/normalize.hpp"

#include <algorithm>
#include <cmath>

#include "ptattn/core/error.hpp"
#include "ptattn/core/listed_indices.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 16384;  // points a task

// Relative to the first point: exact for a cloud whose points all coincide, and a georeferenced
// offset costs the sum no digits.
Position mean(std::span<const Position> positions) {
  const Position origin = positions.front();
  Position center{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double sum = deterministic_sum(
        positions.size(), [&](std::size_t i) { return positions[i][axis] - origin[axis]; });
    center[axis] = origin[axis] + sum / static_cast<double>(positions.size());
  }
  return center;
}

double squared_distance(const Position& a, const Position& b) {
  const double dx = a[0] - b[0];
  const double dy = a[1] - b[1];
  const double dz = a[2] - b[2];
  return dx * dx + dy * dy + dz * dz;
}

}  // namespace

std::vector<std::size_t> finite_points(std::span<const Position> positions) {
  // A comparison with NaN is false.
  const auto is_finite = [](double v) { return std::abs(v) <= kLargestCoordinate; };
  ScratchMemory scratch;
  const auto listed = listed_indices(
      positions.size(), [&](std::size_t i) { return std::ranges::all_of(positions[i], is_finite); },
      scratch);
  std::vector<std::size_t> finite(listed.size());
  parallel_each(finite.size(), kGrain, [&](std::size_t i) { finite[i] = listed[i]; });
  return finite;
}

std::vector<std::size_t> keep_finite(RawVector<Position>& positions) {
  std::vector<std::size_t> finite = finite_points(positions);
  if (finite.size() == positions.size()) return finite;
  for (std::size_t i = 0; i < finite.size(); ++i) positions[i] = positions[finite[i]];
  positions.resize(finite.size());
  return finite;
}

UnitSphere unit_sphere(std::span<const Position> positions) {
  if (positions.empty()) {
    throw Error(Fault::kUsage, "unit_sphere", "the cloud has no points, expected at least one");
  }
  UnitSphere frame{.center = mean(positions)};
  const double radius = std::sqrt(largest_of(positions.size(), 0.0, [&](std::size_t i) {
    return squared_distance(positions[i], frame.center);
  }));
  if (radius > 0.0) frame.radius = radius;
  return frame;
}

Matrix normalized(std::span<const Position> positions, const UnitSphere& frame) {
  Matrix out(positions.size(), 3);
  parallel_each(positions.size(), kGrain, [&](std::size_t i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      out(i, axis) = static_cast<float>((positions[i][axis] - frame.center[axis]) / frame.radius);
    }
  });
  return out;
}

}  // namespace ptattn
