#include "ptattn/view/thinning.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::view {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kGrain = 16384;  // points a task

/// One field's values, each as a number; for coordinates, which are float32 or float64.
class Coordinate {
 public:
  explicit Coordinate(const Field& field) {
    if (field.type() == FieldType::kFloat32) {
      floats_ = field.values<float>();
    } else {
      field_ = &field;
    }
  }
  double operator()(std::size_t i) const {
    return field_ == nullptr ? static_cast<double>(floats_[i]) : field_->as_double(i);
  }

 private:
  std::span<const float> floats_;
  const Field* field_ = nullptr;
};

struct Coordinates {
  Coordinate x, y, z;

  [[nodiscard]] bool finite(std::size_t i) const {
    const auto fits = [](double v) { return std::abs(v) <= kLargestCoordinate; };
    return fits(x(i)) && fits(y(i)) && fits(z(i));
  }
};

/// The number of the point that run `run` gives, counted among the finite ones.
std::size_t pick(Random& random, std::size_t run, std::size_t finite, std::size_t most) {
  // run * finite / most without overflow.
  const auto border = [&](std::size_t r) {
    return r * (finite / most) + r * (finite % most) / most;
  };
  return border(run) + random.below(border(run + 1) - border(run));
}

}  // namespace

Selection select_points(const PointCloud& cloud, std::size_t most) {
  const FieldTriple axes = require_coordinates(cloud);
  const Coordinates at{Coordinate(*axes[0]), Coordinate(*axes[1]), Coordinate(*axes[2])};
  Selection selection;
  for (std::size_t i = 0; i < cloud.size(); ++i) selection.finite += at.finite(i) ? 1 : 0;
  const std::size_t chosen = std::min(selection.finite, most);
  selection.indices.reserve(chosen);
  Random random(kSeed);
  std::size_t passed = 0;  // finite points before i
  std::size_t next = chosen == 0 ? 0 : pick(random, 0, selection.finite, chosen);
  for (std::size_t i = 0; i < cloud.size() && selection.indices.size() < chosen; ++i) {
    if (!at.finite(i)) continue;
    if (passed++ != next) continue;
    selection.indices.push_back(i);
    const std::size_t run = selection.indices.size();
    if (run < chosen) next = pick(random, run, selection.finite, chosen);
  }
  return selection;
}

Position local_origin(std::span<const Position> positions) {
  Position low = bounds_of(positions).low;
  for (double& v : low) v = std::floor(v);
  return low;
}

std::vector<std::array<float, 3>> local_points(std::span<const Position> positions,
                                               const Position& origin) {
  std::vector<std::array<float, 3>> points(positions.size());
  parallel_each(positions.size(), kGrain, [&](std::size_t i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      points[i][axis] = static_cast<float>(positions[i][axis] - origin[axis]);
    }
  });
  return points;
}

}  // namespace ptattn::view
