#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/point_model.hpp"
#include "ptattn/tasks/scene/voxels.hpp"
#include "ptattn/tasks/segment/tiling.hpp"

namespace ptattn {

/// Tells how many of how many tiles of all votes are done, first of all that none is.
using TileProgress = std::function<void(std::size_t done, std::size_t total)>;

struct VoxelScoring {
  std::size_t max_tile_voxels;
  std::uint32_t tile_margin = 64;
  std::size_t quarter_turns = 1;  ///< headings to average over, 1 to kQuarterTurns
  std::optional<std::size_t> category{};
};

/// The mean of `n` matrices of one shape, n >= 1. No more than two of them exist at a time.
/// @param make  the i-th, called in order
[[nodiscard]] Matrix mean_matrix(std::size_t n, const std::function<Matrix(std::size_t i)>& make);

/// Has a network score the voxels of one scene, in one tile or several, from one heading after the
/// other. Refers to its arguments.
class VoxelScorer {
 public:
  /// @param features  [voxels, channels]
  VoxelScorer(const PointModel& model, const SceneVoxels& scene, MatrixView features,
              const VoxelScoring& scoring, const TileProgress& progress);

  [[nodiscard]] std::size_t tiles() const { return boxes_.size(); }
  /// Class probabilities of every voxel: softmax of the blended scores of its tiles, averaged over
  /// the headings. [voxels, classes]
  /// @throws Error(Fault::kModel) when the scores are not finite or the channels cannot be turned
  /// Time of the network's passes; the same bits for any thread count.
  [[nodiscard]] Matrix probabilities();

 private:
  [[nodiscard]] Matrix seen_from(std::size_t quarters);

  const PointModel& model_;
  const SceneVoxels& scene_;
  MatrixView features_;
  const VoxelScoring scoring_;
  const TileProgress& progress_;
  TilingOptions tiling_;
  TileBox whole_;
  std::vector<TileBox> boxes_;
  std::size_t done_ = 0;
};

}  // namespace ptattn
