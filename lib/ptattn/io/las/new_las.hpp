#pragma once

#include <string_view>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/las/las_plan.hpp"

namespace ptattn::io::las {

/// Begins the plan of a file for a cloud that was none: a header of LAS 1.4, the smallest point
/// format that holds its standard attributes, scale and offset, and the coordinate reference
/// system that `options` name.
///
/// The scale is that of the options, else 0.001, or a millionth of the extent, as a power of ten,
/// when that is below 10. Offsets are whole numbers in the middle of the cloud.
/// @throws Error(Fault::kInput) when the coordinates do not fit into 32-bit integers, and for what
///         is wrong with the reference system
void start_new_las(LasPlan& plan, const PointCloud& cloud, const LasOptions& options,
                   std::string_view subject);

}  // namespace ptattn::io::las
