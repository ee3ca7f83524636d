#include "ptattn/tasks/segment/voxel_scores.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <span>
#include <string>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/tasks/segment/grid_turn.hpp"
#include "ptattn/tasks/segment/tile_input.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;

/// Scores of a scene that its tiles add up to.
struct Blend {
  Matrix sums;  ///< [voxels, classes] of scores times weights
  std::vector<float> weights;

  Blend(std::size_t voxels, std::size_t classes) : sums(voxels, classes), weights(voxels, 0.0F) {
    std::ranges::fill(sums.values(), 0.0F);
  }
  void add(const Tile& tile, const Matrix& scores) {
    parallel_each(tile.voxels.size(), kVoxelsPerTask, [&](std::size_t i) {
      float* sum = sums.row(tile.voxels[i]);
      const float weight = tile.weights[i];
      for (std::size_t c = 0; c < scores.cols(); ++c) sum[c] += weight * scores(i, c);
      weights[tile.voxels[i]] += weight;
    });
  }
};

/// Class probabilities from scores times weights, in their place.
/// @param weights  by row; empty: 1
Matrix to_probabilities(Matrix scores, std::span<const float> weights,
                        const std::string& model_name) {
  std::atomic<bool> finite = true;
  parallel_each(scores.rows(), kVoxelsPerTask, [&](std::size_t v) {
    const std::span<float> p{scores.row(v), scores.cols()};
    if (!std::ranges::all_of(p, [](float x) { return std::isfinite(x); })) finite = false;
    const float largest = std::ranges::max(p);
    const float weight = weights.empty() ? 1.0F : weights[v];
    float total = 0.0F;
    for (float& x : p) {
      x = std::exp((x - largest) / weight);
      total += x;
    }
    for (float& x : p) x /= total;
  });
  if (!finite) throw Error(Fault::kModel, model_name, "gives scores that are not finite");
  return scores;
}

void add_to(MutableMatrixView a, MatrixView b) {
  parallel_ranges(a.rows, kVoxelsPerTask, [&](std::size_t begin, std::size_t end) {
    const MutableMatrixView part = a.rows_range(begin, end - begin);
    add_matrices(part, b.rows_range(begin, end - begin), part);
  });
}

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

VoxelScorer::VoxelScorer(const PointModel& model, const SceneVoxels& scene, MatrixView features,
                         const VoxelScoring& scoring, const TileProgress& progress)
    : model_(model),
      scene_(scene),
      features_(features),
      scoring_(scoring),
      progress_(progress),
      tiling_{.max_voxels = scoring.max_tile_voxels, .margin = scoring.tile_margin},
      whole_(bounding_box(scene.cells)),
      boxes_(cut_tiles(scene.cells, tiling_)) {}

Matrix VoxelScorer::probabilities() {
  const ScratchMemory held;  // what a pass of the network takes serves the next one as well
  if (progress_) progress_(0, scoring_.quarter_turns * tiles());
  return mean_matrix(scoring_.quarter_turns, [&](std::size_t v) { return seen_from(v); });
}

Matrix VoxelScorer::seen_from(std::size_t quarters) {
  const PointNetwork& network = *model_.network;
  const std::string& name = model_.description.name;
  std::optional<GridTurn> turn;
  if (quarters > 0) {
    turn.emplace(whole_, model_.description.preprocessing, quarters, tiling_.alignment, name);
  }
  const PatchCuts cuts = turn ? cuts_for(network, (*turn)(scene_.cells), tiles())
                              : cuts_for(network, scene_.cells, tiles());
  const auto scores_of = [&](TileInput input) {
    if (turn) input.turn(*turn);
    PointOutput output = network.forward(input.input(scoring_.category, cuts));
    if (progress_) progress_(++done_, scoring_.quarter_turns * tiles());
    return std::move(output.values);
  };
  if (tiles() == 1) return to_probabilities(scores_of(TileInput(scene_, features_)), {}, name);
  Blend blend(scene_.size(), network.out_channels());
  for (const TileBox& box : boxes_) {
    const Tile tile = make_tile(scene_.cells, box, whole_, tiling_);
    blend.add(tile, scores_of(TileInput(scene_, features_, tile)));
  }
  return to_probabilities(std::move(blend.sums), blend.weights, name);
}

}  // namespace ptattn
