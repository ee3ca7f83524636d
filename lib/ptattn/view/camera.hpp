#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ptattn/cloud/types.hpp"

namespace ptattn::view {

/// From where one looks: degrees, measured as on a globe.
struct Direction {
  double azimuth = 0.0;    ///< the eye goes around the vertical; 0 looks along +y, 90 along -x
  double elevation = 0.0;  ///< the eye is above the horizon; 90 looks straight down

  bool operator==(const Direction&) const = default;
};

/// Returns top, bottom, front, back, left, right, iso; nullopt for any other name.
[[nodiscard]] std::optional<Direction> preset_direction(std::string_view name);

/// Returns whether a cloud is flat: less than half as high as it is wide and deep.
/// @param spread  standard deviations of the points along width, depth and height: a few stray
///                points do not make a landscape tall
[[nodiscard]] bool is_landscape(const Position& spread);

/// Returns a good first look: landscapes from higher above than objects.
/// @param spread  as above
[[nodiscard]] Direction sensible_direction(const Position& spread);

/// Holds axes of the picture, orthonormal, in the cloud's coordinates.
struct Orientation {
  Position right{};
  Position up{};
  Position to_eye{};
};

[[nodiscard]] Orientation orientation_of(const Direction& direction, Axis up);

/// Says where the eye stands and what it looks at.
struct Camera {
  Orientation axes;
  Position target{};      ///< centre of the picture and of turning
  double distance = 1.0;  ///< of the eye from the target
};

/// Half the angle of view from bottom to top, tangent: 30 degrees in all.
inline constexpr double kTanHalfView = 0.2679491924311227;

/// Returns the camera that shows all points as large as the picture allows.
///
///   right border   x - e_x + r sqrt(1 + t^2) <= (e_z - z) t
///                  for all points, balls of radius r, and t the tangent of half the view
///   => e_x = (A - B) / 2,  e_z >= (A + B) / (2 t),
///      A = max(x + z t) + r sqrt(1 + t^2),  B = max(-x + z t) + r sqrt(1 + t^2)
///
/// and so for y; the eye e goes to the farther of the two e_z. (x, y, z) are along `axes`.
/// @param points  at least one
/// @param aspect  width / height of the picture, > 0
/// @param radius  of the points, >= 0
/// @param margin  what stays empty at each border, as a part of the picture: 0 up to below 0.5
/// Time O(n).
[[nodiscard]] Camera fitting_camera(std::span<const std::array<float, 3>> points,
                                    const Orientation& axes, double aspect, double radius = 0.0,
                                    double margin = 0.04);

/// Returns where a point falls in the picture: (-1, -1) is the lower left corner, (1, 1) the upper
/// right one. Points behind the eye give nothing.
[[nodiscard]] std::optional<std::array<double, 2>> projected(const Camera& camera, double aspect,
                                                             const std::array<float, 3>& point);

}  // namespace ptattn::view
