#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/progress.hpp"
#include "ptattn/tasks/segment/scene_tiles.hpp"

namespace ptattn {

/// Parts of a tile that progress is counted in: a large one takes minutes.
inline constexpr std::size_t kPartsOfTile = 100;

/// Averages `n` matrices of one shape, n >= 1. No more than two of them exist at a time.
/// @param make  the i-th, called in order
[[nodiscard]] Matrix mean_matrix(std::size_t n, const std::function<Matrix(std::size_t i)>& make);

/// Scores the voxels of a scene and returns their class probabilities: softmax of the blended
/// scores of the tiles, averaged over the headings.
/// @param quarter_turns  headings to average over, 1 to kQuarterTurns
/// @param category       of the object, for networks that label its parts
/// @param progress       counts the tiles of all headings in kPartsOfTile parts each, from 0 on
/// @return               [voxels, classes]
/// @throws Error(Fault::kModel) when the scores are not finite or the channels cannot be turned
/// Time of the network's passes; the same bits for any thread count.
[[nodiscard]] Matrix voxel_probabilities(const SegmenterModel& model, const SceneTiles& tiles,
                                         std::size_t quarter_turns,
                                         std::optional<std::size_t> category,
                                         const ProgressCallback& progress);

}  // namespace ptattn
