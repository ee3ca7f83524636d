#include "ptattn/tasks/geometry/object_views.hpp"

#include <array>
#include <cmath>
#include <numbers>

namespace ptattn {
namespace {

using Quaternion = std::array<double, 4>;  // x, y, z, w

/// The `i`-th of n rotations on the spirals.
Quaternion on_spirals(std::size_t i, std::size_t n) {
  constexpr double kPsi = 1.533751168755204288118041;  // the root of psi^4 = psi + 4
  const double s = static_cast<double>(i) + 0.5;
  const double share = s / static_cast<double>(n);
  const double turns = 2.0 * std::numbers::pi * s;
  const double alpha = turns / std::numbers::sqrt2;
  const double beta = turns / kPsi;
  const double inner = std::sqrt(share);
  const double outer = std::sqrt(1.0 - share);
  return {inner * std::sin(alpha), inner * std::cos(alpha), outer * std::sin(beta),
          outer * std::cos(beta)};
}

/// a b^-1, for unit quaternions.
Quaternion quotient(const Quaternion& a, const Quaternion& b) {
  const auto& [ax, ay, az, aw] = a;
  const double bx = -b[0];
  const double by = -b[1];
  const double bz = -b[2];
  const double bw = b[3];
  return {aw * bx + ax * bw + ay * bz - az * by, aw * by - ax * bz + ay * bw + az * bx,
          aw * bz + ax * by - ay * bx + az * bw, aw * bw - ax * bx - ay * by - az * bz};
}

}  // namespace

double view_angle(std::size_t view, std::size_t views, double half_range) {
  if (view == 0) return 0.0;
  const auto i = static_cast<double>(view);
  if (half_range >= 180.0) return 360.0 * i / static_cast<double>(views);
  const double side = view % 2 == 1 ? 1.0 : -1.0;
  const auto step = static_cast<double>((view + 1) / 2);
  return side * half_range * step / static_cast<double>(views / 2);
}

Rotation view_rotation(std::size_t view, std::size_t views) {
  if (view == 0) return {};
  return Rotation::of_quaternion(quotient(on_spirals(view, views), on_spirals(0, views)));
}

}  // namespace ptattn
