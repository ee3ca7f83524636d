#pragma once

#include <string>
#include <string_view>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::io {

/// Returns the header that write_pcd writes.
/// @throws Error(Fault::kInput) as write_pcd
[[nodiscard]] std::string pcd_header_of(const PointCloud& cloud, Encoding encoding,
                                        std::string_view subject);

/// Writes a PCD file (version 0.7) into `file`, which the caller commits; see write_cloud.
///
/// @throws Error(Fault::kInput) for what PCD cannot hold: PLY elements with items, names with
///         spaces, more than 4 GiB compressed
void write_pcd(AtomicFile& file, const PointCloud& cloud, Encoding encoding);

}  // namespace ptattn::io
