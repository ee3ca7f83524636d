#pragma once

#include <optional>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/record_stream.hpp"

namespace ptattn::io {

/// Reads a PLY file; see read_cloud.
///
/// A list property of the vertices becomes a field of several values a point when all lists are of
/// one length (PCL writes such fields so), else one of metadata().point_lists. Values of a text
/// count wherever they stand; a line that does not hold one point is named where they do not add up
/// to what the header announces, and noted where they do. What follows the last value is noted. A
/// cloud is organised when `obj_info num_cols` and `num_rows`, or viewportx and viewporty of PCL's
/// element camera, multiply to the number of vertices.
[[nodiscard]] PointCloud read_ply(const ByteSource& source);

/// Opens a binary PLY file and reads its elements but for the points; nothing for text, and for
/// lists of the points that cannot all be as long as those of the first.
/// @throws Error(Fault::kInput) as read_ply
[[nodiscard]] std::optional<RecordCloud> open_binary_ply(const ByteSource& source);

}  // namespace ptattn::io
