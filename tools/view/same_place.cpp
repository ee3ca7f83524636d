#include "same_place.hpp"

#include <algorithm>
#include <cmath>

#include "../checks.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::tools {
namespace {

constexpr double kFarShare = 0.2;    // of the size: another order
constexpr double kFarPlaces = 10.0;  // sizes: not to be seen together
constexpr double kApart = 0.5;       // sizes: not the same points

double size_of(const PositionBounds& box) {
  const Position side = box.extent();
  return std::hypot(side[0], side[1], side[2]);
}

/// How far one box lies from another; 0 where they meet.
double gap_between(const PositionBounds& a, const PositionBounds& b) {
  Position gap{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    gap[axis] = std::max({0.0, a.low[axis] - b.high[axis], b.low[axis] - a.high[axis]});
  }
  return std::hypot(gap[0], gap[1], gap[2]);
}

PositionBounds bounds_of_finite(const PointCloud& cloud) {
  RawVector<Position> positions = cloud.positions();
  (void)keep_finite(positions);
  return bounds_of(positions);
}

/// The median distance of partners; 0 where there are none.
double median_distance(const PointCloud& a, const PointCloud& b) {
  const RawVector<Position> in_a = a.positions();
  const RawVector<Position> in_b = b.positions();
  std::vector<double> distances;
  for (std::size_t i = 0; i < in_a.size(); ++i) {
    const double distance =
        std::hypot(in_a[i][0] - in_b[i][0], in_a[i][1] - in_b[i][1], in_a[i][2] - in_b[i][2]);
    if (distance <= kLargestCoordinate) distances.push_back(distance);
  }
  if (distances.empty()) return 0.0;
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::ranges::nth_element(distances, middle);
  return *middle;
}

}  // namespace

void refuse_unlike(const PointCloud& a, const PointCloud& b) {
  const auto refuse = [&](const std::string& problem) {
    throw Error(Fault::kInput, b.name(), problem + ", --compare needs the same points");
  };
  if (a.size() != b.size()) {
    refuse("has " + std::to_string(b.size()) + " points, " + a.name() + " has " +
           std::to_string(a.size()));
  }
  const PositionBounds box_a = bounds_of_finite(a);
  const PositionBounds box_b = bounds_of_finite(b);
  const double size = std::max(size_of(box_a), size_of(box_b));
  const double gap = gap_between(box_a, box_b);
  if (gap > kApart * size) refuse("lies " + short_text(gap) + " away from " + a.name());
  if (median_distance(a, b) > kFarShare * size && size > 0.0) {
    refuse("has its points in another order than " + a.name() + ", or elsewhere");
  }
}

std::string note_on_distance(const std::vector<Place>& places) {
  for (std::size_t i = 1; i < places.size(); ++i) {
    const double size = std::max(size_of(places[0].box), size_of(places[i].box));
    const double gap = gap_between(places[0].box, places[i].box);
    if (!(gap > kFarPlaces * size)) continue;
    return places[i].path + " lies " + short_text(gap) + " away from " + places[0].path +
           ", so both are too small to be seen; view them one by one";
  }
  return "";
}

}  // namespace ptattn::tools
