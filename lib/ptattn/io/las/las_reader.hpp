#pragma once

#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::io {

/// Reads a LAS or LAZ file; see read_cloud.
///
/// Fields: `x`, `y`, `z` (float64), then the attributes of the point format in the order of the
/// standard, flags and packed numbers as uint8, then the extra bytes under their names. Everything
/// else of the file is metadata().las; the lines of records that say what made it are comments,
/// too. The index of a COPC file is left out: it is one of chunks that are not written again.
[[nodiscard]] PointCloud read_las(const ByteSource& source, const ReadOptions& options);

/// Reads those comments alone.
[[nodiscard]] std::vector<std::string> read_las_comments(const ByteSource& source);

}  // namespace ptattn::io
