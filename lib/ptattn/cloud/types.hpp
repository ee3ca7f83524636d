#pragma once

#include <array>
#include <cstdint>

namespace ptattn {

/// Holds x, y, z in the cloud's unit of length.
using Position = std::array<double, 3>;

/// Holds red, green, blue, 0 to 255.
using Rgb = std::array<std::uint8_t, 3>;

/// Names the axis that points upwards; the last three point down.
enum class Axis { kX, kY, kZ, kMinusX, kMinusY, kMinusZ };

}  // namespace ptattn
