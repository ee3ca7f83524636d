#pragma once

#include <string_view>

#include "ptattn/cloud/point_cloud.hpp"

namespace pcl {
struct PCLPointCloud2;
}

namespace ptattn {

// The bridge to the algorithms of the Point Cloud Library. Include <pcl/PCLPointCloud2.h> to use
// it; nothing of PCL needs to be linked.

/// Converts a cloud to PCL's: every field with its type, count and order, the points packed without
/// padding. A packed `rgb` stays packed. Metadata (comments, viewpoint, elements) is left out.
/// @throws Error(Fault::kInput) past PCL's 2^32 points or bytes per row
[[nodiscard]] pcl::PCLPointCloud2 to_pcl(const PointCloud& cloud);

/// Converts a cloud of PCL. Padding fields ("_") are skipped, BOOL becomes uint8, a count of 0
/// means 1.
/// @param name  becomes the cloud's, for error messages
/// @throws Error(Fault::kInput) when the fields do not fit into the data
[[nodiscard]] PointCloud from_pcl(const pcl::PCLPointCloud2& cloud, std::string_view name);

}  // namespace ptattn
