#include "spacing.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "ptattn/tasks/geometry/spacing.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kMeasured = 200'000;
constexpr std::size_t kNeighbor = 4;
constexpr double kOverlap = 1.15;
constexpr double kLargest = 1.0 / 50.0;  // of the extent
constexpr double kSmallest = 1e-4;

}  // namespace

double covering_diameter(std::span<const std::array<float, 3>> points) {
  const std::size_t stride = (points.size() + kMeasured - 1) / kMeasured;
  std::vector<Position> positions;
  for (std::size_t i = 0; i < points.size(); i += stride) {
    positions.push_back({points[i][0], points[i][1], points[i][2]});
  }
  const double extent = std::fmax(longest_side(positions), 1e-9);
  const double spacing =
      median_spacing(positions, kNeighbor) / std::sqrt(static_cast<double>(stride));
  return std::clamp(kOverlap * spacing, kSmallest * extent, kLargest * extent);
}

}  // namespace ptattn::tools
