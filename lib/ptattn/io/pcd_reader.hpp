#pragma once

#include <optional>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/record_stream.hpp"

namespace ptattn::io {

/// Reads a PCD file; see read_cloud. Padding (fields named "_") is skipped. Bytes
/// behind the data are noted, other than a little padding: PCL fills files to whole pages.
[[nodiscard]] PointCloud read_pcd(const ByteSource& source);

/// Opens a binary PCD file; nothing for one that is text or compressed.
/// @throws Error(Fault::kInput) as read_pcd
[[nodiscard]] std::optional<RecordCloud> open_binary_pcd(const ByteSource& source);

}  // namespace ptattn::io
