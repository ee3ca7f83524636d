#include "ptattn/tasks/segment/voxel_scores.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/probabilities.hpp"
#include "ptattn/nn/sum.hpp"
#include "ptattn/tasks/segment/grid_turn.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;

/// Adds up the scores of a scene's tiles.
struct Blend {
  Matrix sums;                 ///< [voxels, classes] of scores times weights
  std::vector<float> weights;  ///< by voxel; empty: 1

  void add(const SceneTile& tile, Matrix scores, std::size_t voxels) {
    if (tile.is_whole()) {
      sums = std::move(scores);
      return;
    }
    if (sums.size() == 0) {
      sums = Matrix(voxels, scores.cols());
      std::ranges::fill(sums.values(), 0.0F);
      weights.assign(voxels, 0.0F);
    }
    parallel_each(tile.size(), kVoxelsPerTask, [&](std::size_t i) {
      float* sum = sums.row(tile.voxels[i]);
      const float weight = tile.weights[i];
      for (std::size_t c = 0; c < scores.cols(); ++c) sum[c] += weight * scores(i, c);
      weights[tile.voxels[i]] += weight;
    });
  }
};

void divide(Matrix& a, std::size_t n) {
  const auto divisor = static_cast<float>(n);
  parallel_each(a.rows(), kVoxelsPerTask, [&](std::size_t i) {
    for (std::size_t c = 0; c < a.cols(); ++c) a(i, c) /= divisor;
  });
}

}  // namespace

Matrix mean_matrix(std::size_t n, const std::function<Matrix(std::size_t i)>& make) {
  Matrix mean = make(0);
  for (std::size_t i = 1; i < n; ++i) add_to(mean, make(i));
  if (n > 1) divide(mean, n);
  return mean;
}

Matrix voxel_probabilities(const SegmenterModel& model, const SceneTiles& tiles,
                           std::size_t quarter_turns, std::optional<std::size_t> category,
                           const ProgressCallback& progress) {
  const ScratchMemory held;  // what a pass of the network takes serves the next one as well
  std::size_t done = 0;      // tiles
  const auto tell = [&](double of_tile) {
    if (!progress) return;
    const auto parts = static_cast<std::size_t>(of_tile * static_cast<double>(kPartsOfTile));
    progress(done * kPartsOfTile + parts, quarter_turns * tiles.size() * kPartsOfTile);
  };
  const Trace trace = Trace().with_progress(tell);
  const auto probabilities_at_turn = [&](std::size_t quarters) {
    std::optional<GridTurn> turn;
    if (quarters > 0) {
      turn.emplace(tiles.box(), model.description.preprocessing, quarters, tiles.alignment(),
                   model.description.name);
    }
    Blend blend;
    tiles.for_each_tile({category, turn ? &*turn : nullptr}, [&](const SceneTile& tile) {
      Matrix scores = std::move(model.network->forward(tile.input, trace).values);
      ++done;
      tell(0.0);
      blend.add(tile, std::move(scores), tiles.scene().size());
    });
    class_probabilities(blend.sums, blend.weights, model.description.name);
    return std::move(blend.sums);
  };
  tell(0.0);
  return mean_matrix(quarter_turns, probabilities_at_turn);
}

}  // namespace ptattn
