#include "ptattn/cloud/orientation.hpp"

#include <cmath>
#include <numbers>
#include <utility>

namespace ptattn {

std::string_view name_of(Axis axis) {
  switch (axis) {
    case Axis::kX:
      return "x";
    case Axis::kY:
      return "y";
    case Axis::kZ:
      break;
  }
  return "z";
}

Position upright(const Position& p, Axis up) {
  switch (up) {
    case Axis::kX:
      return {p[1], p[2], p[0]};
    case Axis::kY:
      return {p[0], -p[2], p[1]};
    case Axis::kZ:
      break;
  }
  return p;
}

Position turned_about_z(const Position& p, double degrees) {
  const double angle = degrees * std::numbers::pi / 180.0;
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  return {c * p[0] - s * p[1], s * p[0] + c * p[1], p[2]};
}

void turn(MutableMatrixView points, double degrees, Axis up) {
  if (degrees == 0.0 && up == Axis::kZ) return;
  const double angle = degrees * std::numbers::pi / 180.0;
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  for (std::size_t i = 0; i < points.rows; ++i) {
    float* p = points.row(i);
    const auto x = static_cast<float>(c * p[0] - s * p[1]);
    const auto y = static_cast<float>(s * p[0] + c * p[1]);
    const float z = p[2];
    switch (up) {
      case Axis::kX:
        p[0] = z, p[1] = x, p[2] = y;
        break;
      case Axis::kY:
        p[0] = x, p[1] = z, p[2] = -y;
        break;
      case Axis::kZ:
        p[0] = x, p[1] = y;
        break;
    }
  }
}

}  // namespace ptattn
