#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/geometry/interpolate.hpp"
#include "ptattn/tasks/scene/voxels.hpp"

namespace ptattn {

/// Holds the voxels of a cloud and what the network says about them.
struct ScoredVoxels {
  SceneVoxels voxels;
  Matrix probabilities;  ///< [voxels, classes]
};

/// Checks that a model has the category asked for, or needs none.
/// @throws Error(Fault::kUsage)
void check_category(const SegmenterModel& model, std::optional<std::size_t> category);

/// Holds what an object is taken for.
struct CategoryGuess {
  std::size_t category = 0;
  double share = 1.0;  ///< of the probability of all parts, over all voxels; 1 where it was given
};

/// Leaves only the parts of one category where classes are parts of objects: other classes get
/// probability 0, and a voxel in which the parts had no chance gets them all alike.
/// @param views   of one cloud
/// @param wanted  absent: the category whose parts are likeliest over all voxels and views
/// @return        the category; nothing where classes are no parts
std::optional<CategoryGuess> keep_one_category(std::span<ScoredVoxels> views,
                                               const SegmenterDescription& model,
                                               std::optional<std::size_t> wanted);

/// Carries the probabilities of voxels back to the points of their cloud, by kernel attention over
/// the nearest voxels (`Interpolator`). Refers to its argument.
class PointProbabilities {
 public:
  /// @param neighbors  voxels that each point's probabilities are made of
  PointProbabilities(const ScoredVoxels& scored, std::size_t neighbors);
  PointProbabilities(const PointProbabilities&) = delete;
  PointProbabilities& operator=(const PointProbabilities&) = delete;

  /// @param rows  of `SceneVoxels::positions`
  /// @return      [rows, classes]
  [[nodiscard]] Matrix operator()(std::span<const std::uint32_t> rows) const;

 private:
  std::span<const Position> positions_;
  Matrix means_;
  Interpolator interpolator_;
};

}  // namespace ptattn
