#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "ptattn/cloud/field.hpp"

namespace ptattn::io::las {

/// Holds value = stored * scale + offset, as LAS writes coordinates and some extra bytes.
struct Quantization {
  double scale = 1.0;
  double offset = 0.0;

  bool operator==(const Quantization&) const = default;

  [[nodiscard]] double value_of(double stored) const { return stored * scale + offset; }
};

/// Returns true when rounding (value - offset) / scale gives back every integer of `stored`: so
/// when the offset is not so much larger than the scale that doubles cannot tell neighbours apart.
[[nodiscard]] bool is_reversible(const Quantization& quantization, FieldType stored);

/// Returns the integer nearest to (value - offset) / scale, as a double; halves go to even. NaN
/// when `value` is.
[[nodiscard]] inline double quantize(const Quantization& quantization, double value) {
  // Adding and taking away 1.5 * 2^52 rounds to an integer; larger numbers are integers already.
  constexpr double kRounder = 0x1.8p52;
  const double steps = (value - quantization.offset) / quantization.scale;
  return std::abs(steps) < 0x1p51 ? (steps + kRounder) - kRounder : steps;
}

/// Returns true when T is an integer type that holds `whole`, an integer, or a type of fractions.
template <class T>
[[nodiscard]] bool holds(double whole) {
  if constexpr (std::is_integral_v<T>) {
    // 2^63 and 2^64 are doubles, the largest integers below them are not.
    constexpr double kBeyond = 2.0 * static_cast<double>(std::numeric_limits<T>::max() / 2 + 1);
    return whole >= static_cast<double>(std::numeric_limits<T>::lowest()) && whole < kBeyond;
  } else {
    return true;
  }
}

[[nodiscard]] bool holds(FieldType type, double whole);

}  // namespace ptattn::io::las
