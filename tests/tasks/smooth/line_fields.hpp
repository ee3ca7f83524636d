#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "ptattn/cloud/field.hpp"
#include "ptattn/cloud/types.hpp"

namespace ptattn::test {

/// The rows 0 ... n - 1.
inline std::vector<std::size_t> all_of(std::size_t n) {
  std::vector<std::size_t> rows(n);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

/// Points at x = 0 ... n - 1.
inline std::vector<Position> on_a_line(std::size_t n) {
  std::vector<Position> positions(n);
  for (std::size_t i = 0; i < n; ++i) positions[i] = {static_cast<double>(i), 0, 0};
  return positions;
}

/// @param count  values of a point
template <class T>
Field field_of(const std::vector<T>& values, std::uint32_t count = 1) {
  Field field("f", field_type_of<T>(), values.size() / count, count);
  std::ranges::copy(values, field.values<T>().begin());
  return field;
}

}  // namespace ptattn::test
