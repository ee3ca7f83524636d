#pragma once

#include <string>
#include <string_view>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/cloud_shape.hpp"

namespace ptattn::io {

/// Returns the header of a file of such a cloud.
/// @param cloud  the cloud, or one of its fields and metadata without its points
/// @param shape  of the whole
/// @throws Error(Fault::kInput) as write_pcd
[[nodiscard]] std::string pcd_header_of(const PointCloud& cloud, const CloudShape& shape,
                                        Encoding encoding, std::string_view subject);

/// Appends the points of a cloud to a file, whose header stands: the whole cloud, or, in text and
/// plain binary files, a piece of it.
void append_pcd_points(AtomicFile& file, const PointCloud& piece, Encoding encoding);

/// Writes a PCD file (version 0.7) into `file`, which the caller commits; see write_cloud.
///
/// @throws Error(Fault::kInput) for what PCD cannot hold: PLY elements with items, names with
///         spaces, more than 4 GiB compressed
void write_pcd(AtomicFile& file, const PointCloud& cloud, Encoding encoding);

}  // namespace ptattn::io
