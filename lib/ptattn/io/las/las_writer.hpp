#pragma once

#include <string_view>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::io {

/// Throws what write_las would throw before it looks at single values.
void check_las(const PointCloud& cloud, const LasOptions& options, std::string_view subject);

/// Writes a LAS file, or with `compressed` a LAZ file, into `file`, which the caller commits; see
/// write_cloud.
///
/// What a cloud that was a LAS file brought along is written as it was read: header, VLRs, EVLRs,
/// scale, offset and every stored integer whose field still has the value it was read with. Counts
/// and bounds are those of the points.
/// @throws Error(Fault::kInput) for what LAS cannot hold, see plan_las, and for values that the
///         place of their field has no room for
void write_las(AtomicFile& file, const PointCloud& cloud, bool compressed,
               const LasOptions& options);

}  // namespace ptattn::io
