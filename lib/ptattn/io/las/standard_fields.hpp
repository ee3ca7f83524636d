#pragma once

#include <string_view>

#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn::io::las {

/// Returns the field of a cloud that is the attribute `name` of the LAS standard, under that name
/// or under the spelling of another program: X, Classification, scalar_Return_Number, diffuse_red.
/// nullptr when there is none, or more than one.
[[nodiscard]] const Field* find_standard(const PointCloud& cloud, std::string_view name);

}  // namespace ptattn::io::las
