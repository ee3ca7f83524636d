#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"

namespace ptattn {

/// Smooths class probabilities of voxels by kernel attention over neighbours that are alike:
///
///   p_i <- sum_j K(|z_i - z_j|) p_j / sum_j K(|z_i - z_j|)   over the 33 nearest voxels
///   z = [position / (4 voxels), 1.5 heights above openings]
///
/// K is Gaussian. Heights are the channels above_W, where the network has them: a roof is not mixed
/// with the ground beside it.
/// @param probabilities  [voxels, classes]
/// @return               [voxels, classes]
/// Time O(n log n); parallel; the same bits for any thread count.
[[nodiscard]] Matrix smooth_probabilities(const PreparedScene& scene, const SceneProfile& profile,
                                          MatrixView probabilities);

}  // namespace ptattn
