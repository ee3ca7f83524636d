#include "ptattn/cloud/rotation.hpp"

#include <cmath>
#include <numbers>

namespace ptattn {

Rotation Rotation::about_z(double degrees) {
  if (degrees == 0.0) return {};
  const double angle = degrees * std::numbers::pi / 180.0;
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  return Rotation({Position{c, -s, 0.0}, Position{s, c, 0.0}, Position{0.0, 0.0, 1.0}});
}

Rotation Rotation::of_quaternion(const std::array<double, 4>& q) {
  const auto& [x, y, z, w] = q;
  return Rotation({Position{1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)},
                   Position{2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)},
                   Position{2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)}});
}

}  // namespace ptattn
