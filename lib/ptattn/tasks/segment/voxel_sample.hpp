#pragma once

#include <cstddef>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/familiar_features.hpp"

namespace ptattn {

/// Takes evenly spread voxels of a scene, at most kMostSampledVoxels, with their channels and
/// likeliest classes.
/// @param channels       [voxels, d]
/// @param probabilities  [voxels, classes]
[[nodiscard]] ClassifiedFeatures sample_voxels(MatrixView channels, MatrixView probabilities);

inline constexpr std::size_t kMostSampledVoxels = 1024;

}  // namespace ptattn
