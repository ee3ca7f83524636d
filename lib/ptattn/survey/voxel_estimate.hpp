#pragma once

#include <cstdint>

#include "ptattn/survey/sort_points.hpp"

namespace ptattn {

/// Estimates how many voxels the points of a cloud lie in, without keeping them: the voxels whose
/// hashes are multiples of a power of two are counted, the least such power of which there are no
/// more than 2^15 (distinct sampling, Gibbons 2001; within 2 % nearly always).
/// @param voxel  edge of a voxel, in the unit of the cloud
/// @throws Error(Fault::kInput) as the stream, and when x, y or z is missing
/// Time O(n), memory O(1); parallel; the same number for any thread count.
[[nodiscard]] std::uint64_t estimate_voxels(CloudStream& stream, double voxel,
                                            const SurveyProgress& progress = {});

}  // namespace ptattn
