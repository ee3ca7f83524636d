#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/las/las_header.hpp"
#include "ptattn/io/las/record_columns.hpp"
#include "ptattn/io/las/record_layout.hpp"

namespace ptattn::io::las {

/// Everything about a file to be written but its points.
struct LasPlan {
  LasHeader header;                ///< offsets and counts not filled in yet
  std::vector<std::byte> block;    ///< the header block that `header` is stored into
  std::vector<LasRecord> records;  ///< VLRs
  RecordLayout layout;
  std::vector<ColumnSource> sources;  ///< one a column of the layout
};

/// Plans how `cloud` becomes a LAS file.
///
/// A cloud that was a LAS file keeps its header, records and format; fields that it did not have
/// become extra bytes, those that have a step (Field::step) of 16 bits with that scale, and colours
/// the format with colours. Another cloud gets LAS 1.4 and the
/// smallest format that holds its standard attributes; a field of a standard name whose values
/// do not fit there becomes extra bytes named after its type ("intensity_float32").
/// @param cloud  outlives the plan
/// @throws Error(Fault::kInput) for what LAS cannot hold: no coordinates, names of more than 32
///         bytes, fields of more than 3 values, coordinates beyond the range of 32-bit integers
[[nodiscard]] LasPlan plan_las(const PointCloud& cloud, const LasOptions& options,
                               std::string_view subject);

}  // namespace ptattn::io::las
