#include "ptattn/train/object_augment.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <utility>

namespace ptattn::train {
namespace {

constexpr std::size_t kFewestPoints = 128;

using Rows = std::array<Position, 3>;

double dot(const Position& a, const std::array<float, 3>& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

Position unit_vector(Draws& draws) {
  Position v{draws.normal(), draws.normal(), draws.normal()};
  const double length = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  for (double& x : v) x /= std::max(length, 1e-9);
  return v;
}

/// The rotation about `axis` by `angle` (Rodrigues).
Rows rotation(const Position& axis, double angle) {
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  const auto [x, y, z] = axis;
  const double t = 1.0 - c;
  return {Position{t * x * x + c, t * x * y - s * z, t * x * z + s * y},
          Position{t * x * y + s * z, t * y * y + c, t * y * z - s * x},
          Position{t * x * z - s * y, t * y * z + s * x, t * z * z + c}};
}

void rotate(LabelledCloud& cloud, const Rows& rows) {
  for (auto& p : cloud.positions) {
    p = {static_cast<float>(dot(rows[0], p)), static_cast<float>(dot(rows[1], p)),
         static_cast<float>(dot(rows[2], p))};
  }
}

void turn(LabelledCloud& cloud, const ObjectChange& change, Draws& draws) {
  const bool any_side = draws.chance(change.any_side_up);
  const bool any_heading = draws.chance(change.any_heading);
  if (any_side) {
    rotate(cloud, rotation(unit_vector(draws), draws.uniform(0.0, std::numbers::pi)));
  } else if (change.tilt > 0.0) {
    rotate(cloud, rotation(unit_vector(draws), draws.uniform(0.0, change.tilt)));
  }
  if (any_side || any_heading) rotate(cloud, rotation({0, 0, 1}, draws.angle()));
}

/// Three slow waves through space.
void bend_space(LabelledCloud& cloud, double most, Draws& draws) {
  for (int i = 0; i < 3; ++i) {
    Position wave = unit_vector(draws);
    const double length = draws.uniform(0.8, 2.5) * 1.7;
    for (double& x : wave) x *= length;
    const Position shift = unit_vector(draws);
    const double amplitude = draws.uniform(0.0, most) * 1.7;
    const double phase = draws.angle();
    for (auto& p : cloud.positions) {
      const double swing = amplitude * std::sin(dot(wave, p) + phase);
      for (std::size_t axis = 0; axis < 3; ++axis) {
        p[axis] += static_cast<float>(swing * shift[axis]);
      }
    }
  }
}

LabelledCloud thin_object(const LabelledCloud& cloud, Draws& draws) {
  if (cloud.size() <= kFewestPoints) return cloud;
  const auto n = static_cast<double>(cloud.size());
  const double share = draws.log_uniform(static_cast<double>(kFewestPoints) / n, 1.0);
  LabelledCloud kept = select_if(cloud, [&](std::size_t) { return draws.chance(share); });
  return kept.size() >= kFewestPoints / 2 ? std::move(kept) : cloud;
}

void stretch_axes(LabelledCloud& cloud, double most, Draws& draws) {
  std::array<float, 3> factors{};
  for (float& f : factors) f = static_cast<float>(draws.log_uniform(1.0 / most, most));
  for (auto& p : cloud.positions) {
    for (std::size_t axis = 0; axis < 3; ++axis) p[axis] *= factors[axis];
  }
}

}  // namespace

void to_unit_sphere(LabelledCloud& cloud) {
  if (cloud.size() == 0) return;
  Position center{};
  for (const auto& p : cloud.positions) {
    for (std::size_t axis = 0; axis < 3; ++axis) center[axis] += p[axis];
  }
  for (double& x : center) x /= static_cast<double>(cloud.size());
  double squared = 0.0;
  for (const auto& p : cloud.positions) {
    double sum = 0.0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      sum += (p[axis] - center[axis]) * (p[axis] - center[axis]);
    }
    squared = std::max(squared, sum);
  }
  const double radius = squared > 0.0 ? std::sqrt(squared) : 1.0;
  for (auto& p : cloud.positions) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      p[axis] = static_cast<float>((p[axis] - center[axis]) / radius);
    }
  }
}

LabelledCloud seen_from(const LabelledCloud& cloud, const Position& view) {
  constexpr double kCell = 0.08;
  constexpr double kDepth = 0.2;
  const std::size_t steepest = std::abs(view[2]) < 0.9 ? 2 : 0;
  Position across{};
  across[steepest] = 1.0;
  const double along = across[0] * view[0] + across[1] * view[1] + across[2] * view[2];
  double length = 0.0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    across[axis] -= along * view[axis];
    length += across[axis] * across[axis];
  }
  for (double& x : across) x /= std::sqrt(length);
  const Position other{view[1] * across[2] - view[2] * across[1],
                       view[2] * across[0] - view[0] * across[2],
                       view[0] * across[1] - view[1] * across[0]};
  const auto cell = [&](const std::array<float, 3>& p) {
    return std::pair(static_cast<int>(std::floor(dot(across, p) / kCell)),
                     static_cast<int>(std::floor(dot(other, p) / kCell)));
  };
  std::map<std::pair<int, int>, double> nearest;
  for (const auto& p : cloud.positions) {
    const auto [found, added] = nearest.emplace(cell(p), dot(view, p));
    if (!added) found->second = std::max(found->second, dot(view, p));
  }
  return select_if(cloud, [&](std::size_t i) {
    const auto& p = cloud.positions[i];
    return dot(view, p) > nearest.at(cell(p)) - kDepth;
  });
}

void add_clutter(LabelledCloud& cloud, Draws& draws, Label label) {
  if (cloud.size() == 0) return;
  const std::size_t count = 1 + draws.below(1 + cloud.size() / 7);
  const bool floor = draws.chance(0.5);
  float low = std::numeric_limits<float>::max();
  for (const auto& p : cloud.positions) low = std::min(low, p[2]);
  const double reach = draws.uniform(0.5, 1.2);
  std::vector<std::uint32_t> sources(count, 0);
  LabelledCloud extra = select(cloud, sources);
  for (std::size_t i = 0; i < count; ++i) {
    extra.positions[i] = {static_cast<float>(draws.uniform(-reach, reach)),
                          static_cast<float>(draws.uniform(-reach, reach)),
                          floor ? low : static_cast<float>(draws.uniform(-reach, reach))};
    extra.labels[i] = label;
  }
  append(cloud, extra);
}

LabelledCloud change_object(LabelledCloud cloud, const ObjectChange& change, Label clutter,
                            Draws& draws) {
  to_unit_sphere(cloud);
  stretch_axes(cloud, change.stretch, draws);
  if (change.mirror && draws.chance(0.5)) {
    for (auto& p : cloud.positions) p[0] = -p[0];
  }
  turn(cloud, change, draws);
  if (change.bend > 0.0) bend_space(cloud, change.bend, draws);
  to_unit_sphere(cloud);
  if (draws.chance(change.one_sided)) {
    LabelledCloud seen = seen_from(cloud, unit_vector(draws));
    if (seen.size() >= kFewestPoints) cloud = std::move(seen);
  }
  if (draws.chance(change.thinned)) cloud = thin_object(cloud, draws);
  const double noise = draws.uniform(0.0, change.noise);
  for (auto& p : cloud.positions) {
    for (float& x : p) x += static_cast<float>(noise * draws.normal());
  }
  if (draws.chance(change.clutter)) add_clutter(cloud, draws, clutter);
  to_unit_sphere(cloud);
  return cloud;
}

}  // namespace ptattn::train
