#pragma once

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::io {

/// Writes a PLY file into `file`, which the caller commits; see write_cloud.
///
/// A field of several values a point becomes a list property, as in PCL. Comments and obj_info
/// follow the format line.
/// @throws Error(Fault::kInput) for what PLY cannot hold: integers of 8 bytes, names with spaces
void write_ply(AtomicFile& file, const PointCloud& cloud, Encoding encoding);

}  // namespace ptattn::io
