#include "ptattn/io/las/quantization.hpp"

#include <cmath>
#include <limits>
#include <type_traits>

namespace ptattn::io::las {
namespace {

/// The largest magnitude of an integer type; infinite for the others, and for 64 bits, which no
/// double holds.
double largest_integer(FieldType type) {
  return visit_type(type, []<class T>(T) {
    if constexpr (std::is_integral_v<T> && sizeof(T) < 8) {
      return std::max(static_cast<double>(std::numeric_limits<T>::max()),
                      -static_cast<double>(std::numeric_limits<T>::lowest()));
    } else {
      return std::numeric_limits<double>::infinity();
    }
  });
}

}  // namespace

bool is_reversible(const Quantization& quantization, FieldType stored) {
  // Three roundings, each within 2^-53 of numbers as large as the value, and the division's.
  const double scale = std::abs(quantization.scale);
  const double steps = std::abs(quantization.offset) / scale + largest_integer(stored);
  const double smallest = std::numeric_limits<double>::min();
  return std::isfinite(steps) && scale > smallest * 0x1p60 && steps * 0x1p-51 < 0.25;
}

bool holds(FieldType type, double whole) {
  return visit_type(type, [&]<class T>(T) { return holds<T>(whole); });
}

}  // namespace ptattn::io::las
