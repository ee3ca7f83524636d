#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

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
[[nodiscard]] double quantize(const Quantization& quantization, double value);

/// Returns true when `type` is an integer type that holds `whole`, an integer, or a type of
/// fractions.
[[nodiscard]] bool holds(FieldType type, double whole);

}  // namespace ptattn::io::las
