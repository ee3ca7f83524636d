#include "ptattn/tasks/geometry/float_step.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <sstream>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/tasks/geometry/spacing.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSample = 1000;
constexpr double kCoarse = 1.0 / 2000;  // of the extent

bool is_float(const Field* field, std::span<const Position> positions, std::size_t axis) {
  if (field == nullptr || field->type() == FieldType::kFloat32) return field != nullptr;
  if (field->type() != FieldType::kFloat64 || positions.size() < 100) return false;
  bool whole = true;  // whole numbers say nothing
  for (std::size_t i = 0; i < positions.size(); i += positions.size() / kSample + 1) {
    const double x = positions[i][axis];
    if (double{static_cast<float>(x)} != x) return false;
    whole = whole && x == std::floor(x);
  }
  return !whole;
}

}  // namespace

double float_step(const PointCloud& cloud, std::span<const Position> positions) {
  double largest = 0.0;
  const FieldTriple axes = find_coordinates(cloud);
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    if (!is_float(axes[axis], positions, axis)) continue;
    for (std::size_t i = 0; i < positions.size(); i += positions.size() / kSample + 1) {
      largest = std::max(largest, std::abs(positions[i][axis]));
    }
  }
  const auto x = static_cast<float>(largest);
  if (!std::isfinite(x) || x == 0.0F) return 0.0;
  return double{std::nextafter(x, std::numeric_limits<float>::infinity())} - double{x};
}

std::optional<Hint> float_hint(const PointCloud& cloud, std::span<const Position> positions,
                               double share) {
  if (positions.size() > 1 && longest_side(positions) == 0.0) {
    return Hint{"alike", "all points coincide"};
  }
  const double step = float_step(cloud, positions);
  const bool coarse = step > kCoarse * longest_side(positions);
  if (!coarse || step <= std::sqrt(share) * median_spacing(positions, 1) / 2) return std::nullopt;
  std::ostringstream text;
  text << "coordinates are float numbers with steps of " << step
       << " there, store them as double or nearer to 0";
  return Hint{"float", text.str()};
}

}  // namespace ptattn
