#pragma once

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::io {

/// Writes a PCD file (version 0.7) into `file`, which the caller commits; see write_cloud.
///
/// @throws Error(Fault::kInput) for what PCD cannot hold: PLY elements with items, names with
///         spaces, more than 4 GiB compressed
void write_pcd(AtomicFile& file, const PointCloud& cloud, Encoding encoding);

}  // namespace ptattn::io
