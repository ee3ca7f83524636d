#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ptattn/cloud/las_metadata.hpp"

namespace ptattn::io::las {

/// Adds the records of a coordinate reference system to those of a new file.
///
/// @param crs     "EPSG:2154", WKT, or empty for none
/// @param format  of the points: a code becomes GeoTIFF keys in 0 to 5, from 6 on WKT (see
///                find_epsg_system). Without PROJ, codes of geographic systems are guessed for keys
/// @return        the global encoding of the header: bit 4 stands for WKT
/// @throws        Error(Fault::kUsage) for a system that is neither, for a code as find_epsg_system,
///                and for a code that is to be WKT where PROJ is not installed
[[nodiscard]] std::uint16_t add_reference_system(std::vector<LasRecord>& records,
                                                 const std::string& crs, unsigned format);

}  // namespace ptattn::io::las
