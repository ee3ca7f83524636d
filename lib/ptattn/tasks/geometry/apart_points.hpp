#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ptattn/cloud/types.hpp"

namespace ptattn {

/// Represents points that may not belong to an object.
struct ApartPoints {
  std::vector<std::uint32_t> rows{};  ///< of the positions, ascending
  std::string what{};                 ///< "lie apart from the object"

  [[nodiscard]] bool empty() const { return rows.empty(); }
};

/// Finds points that may not belong to an object: a group far from all others (far_group), else
/// those scattered around it (scattered_points). Both are guesses that the caller has to check.
/// @param positions  finite
/// Time as of both; the same result for any thread count.
[[nodiscard]] ApartPoints find_apart_points(std::span<const Position> positions);

/// Says that they were left out, such as "100 of 1124 points seem scattered around the object and
/// are left out".
[[nodiscard]] std::string apart_note(const ApartPoints& apart, std::size_t points);

}  // namespace ptattn
