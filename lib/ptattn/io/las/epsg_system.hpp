#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ptattn::io::las {

/// Represents a coordinate reference system of the EPSG registry, as LAS files name it.
struct EpsgSystem {
  std::string wkt{};             ///< version 1 (OGC 01-009), for point formats from 6 on
  bool geographic = false;       ///< x and y are degrees
  std::uint16_t horizontal = 0;  ///< code of x and y
  std::uint16_t vertical = 0;    ///< code of z, of a compound system; 0: none
};

/// Returns true where PROJ, which knows the registry, is installed.
[[nodiscard]] bool has_epsg_registry();

/// Looks a system up in the registry. PROJ is loaded by the first call.
/// @return nothing where PROJ is not installed
/// @throws Error(Fault::kUsage) for a code that the registry does not have, and for a system that is
///         none of points in LAS files: of heights alone, geocentric, three-dimensional geographic
[[nodiscard]] std::optional<EpsgSystem> find_epsg_system(std::uint16_t code);

}  // namespace ptattn::io::las
