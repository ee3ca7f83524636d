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
/// The scale is that of the options; else, with the offset, that of the LAS file that the cloud
/// comes from, where a comment says it and all coordinates are such steps (see origin_steps.hpp);
/// else 0.001, finer where all coordinates are multiples of that, or a millionth of the extent, as
/// a power of ten, when that is below 10. Other offsets are whole numbers in the middle.
/// @throws Error(Fault::kInput) when the coordinates do not fit into 32-bit integers, and for what
///         is wrong with the reference system
void start_new_las(LasPlan& plan, const PointCloud& cloud, const LasOptions& options,
                   std::string_view subject);

}  // namespace ptattn::io::las
