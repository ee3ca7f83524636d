#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/cloud_shape.hpp"

namespace ptattn::io {

// PLY has no words for the grid of an organised cloud and for the viewpoint. They travel in lines
// of the header that other readers skip, and are taken out of the metadata again on reading.

struct Organisation {
  std::uint64_t width = 0;
  std::uint64_t height = 1;
};

/// Takes `obj_info num_cols W` and `num_rows H` (as PCL and range scanners write them) out of the
/// metadata when W H is the number of points and H is not 1. Otherwise viewportx and viewporty of
/// an element camera (PCL's default) decide, which stays; otherwise the cloud is one row.
[[nodiscard]] Organisation take_organisation(CloudMetadata& metadata, std::uint64_t points);
/// Returns the obj_info lines to write: the cloud's, then its grid unless the element camera says
/// it.
[[nodiscard]] std::vector<std::string> obj_info_with_organisation(const CloudMetadata& metadata,
                                                                  const CloudShape& shape);

/// Takes the comment `viewpoint tx ty tz qw qx qy qz` out, if there is one.
void take_viewpoint(CloudMetadata& metadata);
/// Returns the comments to write (see las::comments_with_steps), the viewpoint among them unless it
/// is the default.
[[nodiscard]] std::vector<std::string> comments_with_viewpoint(const CloudMetadata& metadata);

}  // namespace ptattn::io
