#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ptattn {

/// Represents the numbers that a network computes with.
enum class Precision : std::uint8_t {
  kFloat32,
  kBf16,  ///< bfloat16 weights and inputs in the large layers, sums in float32
  kInt8,  ///< 8-bit weights and 7-bit inputs in the large layers, see the network's header
};

/// Returns "float32", "bf16", "int8"
[[nodiscard]] constexpr std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return "bf16";
    case Precision::kInt8:
      return "int8";
    case Precision::kFloat32:
      break;
  }
  return "float32";
}

/// Returns the precision of that name.
[[nodiscard]] constexpr std::optional<Precision> precision_named(std::string_view name) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBf16, Precision::kInt8}) {
    if (name == name_of(precision)) return precision;
  }
  return std::nullopt;
}

}  // namespace ptattn
