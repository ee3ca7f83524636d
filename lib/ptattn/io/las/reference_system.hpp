#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ptattn/cloud/las_metadata.hpp"

namespace ptattn::io::las {

/// Adds the records of a coordinate reference system to those of a new file.
///
/// @param crs     "EPSG:2154" (GeoTIFF keys, which formats 0 to 5 have), WKT, or empty for none
/// @param format  of the points; those from 6 on want WKT
/// @return        the global encoding of the header: bit 4 stands for WKT
/// @throws        Error(Fault::kUsage) for a system that is neither, or that the format cannot have
[[nodiscard]] std::uint16_t add_reference_system(std::vector<LasRecord>& records,
                                                 const std::string& crs, unsigned format);

}  // namespace ptattn::io::las
