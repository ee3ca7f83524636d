#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

namespace ptattn {

/// Returns the value of a field type that is nearest to `value`: integers are rounded, halves to
/// even, and end at the limits of T.
/// @param value  not NaN where T is an integer
template <class T>
[[nodiscard]] T nearest_value(double value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    constexpr auto kLow = static_cast<double>(std::numeric_limits<T>::min());
    constexpr auto kHigh = static_cast<double>(std::numeric_limits<T>::max());
    const double rounded = std::nearbyint(value);
    if (rounded <= kLow) return std::numeric_limits<T>::min();
    if (rounded >= kHigh) return std::numeric_limits<T>::max();
    return static_cast<T>(rounded);
  }
}

}  // namespace ptattn
