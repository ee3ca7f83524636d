#include "ptattn/view/camera.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <utility>

#include "ptattn/cloud/orientation.hpp"

namespace ptattn::view {
namespace {

constexpr double kFlat = 0.5;  // height over the shorter side: what counts as a landscape
constexpr Direction kLandscape{30.0, 38.0};
constexpr Direction kObject{30.0, 20.0};

constexpr std::array<std::pair<std::string_view, Direction>, 7> kPresets{{
    {"top", {0.0, 90.0}},
    {"bottom", {0.0, -90.0}},
    {"front", {0.0, 0.0}},
    {"back", {180.0, 0.0}},
    {"left", {-90.0, 0.0}},
    {"right", {90.0, 0.0}},
    {"iso", {45.0, 35.264389682754654}},
}};

double dot(const Position& a, const Position& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

Position along(const Orientation& axes, const std::array<float, 3>& p) {
  const Position v{p[0], p[1], p[2]};
  return {dot(axes.right, v), dot(axes.up, v), dot(axes.to_eye, v)};
}

Position combined(const Orientation& axes, const Position& v) {
  Position sum{};
  for (std::size_t i = 0; i < 3; ++i) {
    sum[i] = v[0] * axes.right[i] + v[1] * axes.up[i] + v[2] * axes.to_eye[i];
  }
  return sum;
}

}  // namespace

std::optional<Direction> preset_direction(std::string_view name) {
  for (const auto& [known, direction] : kPresets) {
    if (known == name) return direction;
  }
  return std::nullopt;
}

bool is_landscape(const Position& spread) {
  return spread[2] < kFlat * std::min(spread[0], spread[1]);
}

Direction sensible_direction(const Position& spread) {
  return is_landscape(spread) ? kLandscape : kObject;
}

Orientation orientation_of(const Direction& direction, Axis up) {
  const double a = direction.azimuth * std::numbers::pi / 180.0;
  const double e = direction.elevation * std::numbers::pi / 180.0;
  return {.right = turned_from_upright({std::cos(a), std::sin(a), 0.0}, up),
          .up = turned_from_upright(
              {-std::sin(a) * std::sin(e), std::cos(a) * std::sin(e), std::cos(e)}, up),
          .to_eye = turned_from_upright(
              {std::sin(a) * std::cos(e), -std::cos(a) * std::cos(e), std::sin(e)}, up)};
}

Camera fitting_camera(std::span<const std::array<float, 3>> points, const Orientation& axes,
                      double aspect, double radius, double margin) {
  const double tan_y = kTanHalfView * (1.0 - 2.0 * margin);
  const double tan_x = tan_y * aspect;
  constexpr double kLow = -std::numeric_limits<double>::infinity();
  double right = kLow, left = kLow, top = kLow, bottom = kLow;
  double nearest = kLow, farthest = -kLow;
  for (const auto& point : points) {
    const auto [x, y, z] = along(axes, point);
    right = std::max(right, x + z * tan_x);
    left = std::max(left, -x + z * tan_x);
    top = std::max(top, y + z * tan_y);
    bottom = std::max(bottom, -y + z * tan_y);
    nearest = std::max(nearest, z);
    farthest = std::min(farthest, z);
  }
  const double wide = radius * std::hypot(1.0, tan_x);
  const double high = radius * std::hypot(1.0, tan_y);
  right += wide, left += wide, top += high, bottom += high;
  const double eye_z = std::max((right + left) / (2.0 * tan_x), (top + bottom) / (2.0 * tan_y));
  const double middle = (nearest + farthest) / 2.0;
  const double distance = eye_z - middle;
  return {.axes = axes,
          .target = combined(axes, {(right - left) / 2.0, (top - bottom) / 2.0, middle}),
          .distance = distance > 1e-9 ? distance : 1.0};
}

std::optional<std::array<double, 2>> projected(const Camera& camera, double aspect,
                                               const std::array<float, 3>& point) {
  const Position p = along(camera.axes, point);
  const Position target{dot(camera.axes.right, camera.target), dot(camera.axes.up, camera.target),
                        dot(camera.axes.to_eye, camera.target)};
  const double depth = camera.distance - (p[2] - target[2]);
  if (!(depth > 0.0)) return std::nullopt;
  return std::array{(p[0] - target[0]) / (depth * kTanHalfView * aspect),
                    (p[1] - target[1]) / (depth * kTanHalfView)};
}

}  // namespace ptattn::view
