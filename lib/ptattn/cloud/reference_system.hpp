#pragma once

#include <optional>
#include <string>

#include "ptattn/cloud/las_metadata.hpp"

namespace ptattn {

/// Holds what a LAS or LAZ file says about its reference system.
struct ReferenceSystem {
  std::string name{};              ///< of the WKT or of the GeoTIFF citation, or "EPSG:2154"
  std::optional<double> metres{};  ///< that a unit of x and y is long
  bool geographic = false;         ///< x and y are degrees
  std::optional<double> metres_of_height{};  ///< that a unit of z is long, where it has its own

  [[nodiscard]] bool is_known() const { return !name.empty() || metres || geographic; }
};

/// Reads the reference system from the records of a file: WKT (2112), else GeoTIFF keys (34735 and
/// their text, 34737) as the LAS specification defines them. Damaged records say nothing.
[[nodiscard]] ReferenceSystem reference_system_of(const LasMetadata& las);

}  // namespace ptattn
