#pragma once

#include <string>
#include <string_view>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::io {

/// Returns the header that write_ply writes.
/// @throws Error(Fault::kInput) as write_ply
[[nodiscard]] std::string ply_header_of(const PointCloud& cloud, Encoding encoding,
                                        std::string_view subject);

/// Writes a PLY file into `file`, which the caller commits; see write_cloud.
///
/// A field of several values a point becomes a list property, as in PCL; lists of varying length
/// stand behind the fields. Comments and obj_info
/// follow the format line.
/// @throws Error(Fault::kInput) for what PLY cannot hold: integers of 8 bytes, names with spaces
void write_ply(AtomicFile& file, const PointCloud& cloud, Encoding encoding);

}  // namespace ptattn::io
