#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ptattn/cloud/field.hpp"
#include "ptattn/cloud/frame_change.hpp"
#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn {

/// Says how the coordinates along an axis follow from whole numbers:
/// factor * (number * scale + offset).
struct AxisSteps {
  double scale = 0.0;  ///< 0: they do not
  double offset = 0.0;
  double factor = 1.0;

  bool operator==(const AxisSteps&) const = default;
};

/// Says what is kept of a point: its coordinates as x, y, z (float64), and these fields.
struct PointLayout {
  /// Name of the field that holds the place of a point in the cloud.
  static constexpr const char* kOrder = "place in the cloud";
  struct Kept {
    std::string name;
    FieldType type;
    std::uint32_t count;
    bool operator==(const Kept&) const = default;
  };
  std::vector<Kept> fields{};
  bool order = false;  ///< and the place of a point in the cloud, behind its coordinates
  std::array<AxisSteps, 3> steps{};  ///< that most coordinates are whole numbers of

  /// Returns the bytes of a point.
  [[nodiscard]] std::size_t stride() const;
};

/// Returns the steps of the coordinates of a LAS file in a frame; none for other clouds.
/// @param head  as the file has it
[[nodiscard]] std::array<AxisSteps, 3> steps_of(const PointCloud& head, const CloudFrame& frame);

}  // namespace ptattn
