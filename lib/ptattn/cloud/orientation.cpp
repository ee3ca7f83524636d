#include "ptattn/cloud/orientation.hpp"

#include <cmath>
#include <numbers>
#include <utility>

namespace ptattn {

std::string_view name_of(Axis axis) {
  constexpr std::array<std::string_view, 6> kNames{"x", "y", "z", "-x", "-y", "-z"};
  return kNames[static_cast<std::size_t>(axis)];
}

Position upright(const Position& p, Axis up) {
  switch (up) {
    case Axis::kX:
      return {p[1], p[2], p[0]};
    case Axis::kY:
      return {p[0], -p[2], p[1]};
    case Axis::kMinusX:
      return {-p[1], p[2], -p[0]};
    case Axis::kMinusY:
      return {p[0], p[2], -p[1]};
    case Axis::kMinusZ:
      return {p[0], -p[1], -p[2]};
    case Axis::kZ:
      break;
  }
  return p;
}

Position turned_from_upright(const Position& p, Axis up) {
  switch (up) {
    case Axis::kX:
      return {p[2], p[0], p[1]};
    case Axis::kY:
      return {p[0], p[2], -p[1]};
    case Axis::kMinusX:
      return {-p[2], -p[0], p[1]};
    case Axis::kMinusY:
      return {p[0], -p[2], p[1]};
    case Axis::kMinusZ:
      return {p[0], -p[1], -p[2]};
    case Axis::kZ:
      break;
  }
  return p;
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
    const Position turned = turned_from_upright({x, y, p[2]}, up);
    for (std::size_t axis = 0; axis < 3; ++axis) p[axis] = static_cast<float>(turned[axis]);
  }
}

}  // namespace ptattn
