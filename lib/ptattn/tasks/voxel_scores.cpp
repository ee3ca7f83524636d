#include "ptattn/tasks/voxel_scores.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/tasks/grid_turn.hpp"
#include "ptattn/tasks/tile_input.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;

/// Adds a tile's scores, times their weights, to those of the scene. Column `classes` of the sums
/// holds the weights.
void blend(const Tile& tile, const Matrix& scores, Matrix& sums) {
  parallel_each(tile.voxels.size(), kVoxelsPerTask, [&](std::size_t i) {
    float* sum = sums.row(tile.voxels[i]);
    const float weight = tile.weights[i];
    for (std::size_t c = 0; c < scores.cols(); ++c) sum[c] += weight * scores(i, c);
    sum[scores.cols()] += weight;
  });
}

/// Class probabilities of every voxel from blended scores.
Matrix to_probabilities(const Matrix& sums, const std::string& model_name) {
  const std::size_t classes = sums.cols() - 1;
  if (!std::ranges::all_of(sums.values(), [](float x) { return std::isfinite(x); })) {
    throw Error(Fault::kModel, model_name, "gives scores that are not finite");
  }
  Matrix probabilities(sums.rows(), classes);
  parallel_each(sums.rows(), kVoxelsPerTask, [&](std::size_t v) {
    const float* sum = sums.row(v);
    float* p = probabilities.row(v);
    const float largest = *std::max_element(sum, sum + classes);
    float total = 0.0F;
    for (std::size_t c = 0; c < classes; ++c) {
      p[c] = std::exp((sum[c] - largest) / sum[classes]);
      total += p[c];
    }
    for (std::size_t c = 0; c < classes; ++c) p[c] /= total;
  });
  return probabilities;
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
  Matrix sums(scene_.size(), network.out_channels() + 1);
  std::ranges::fill(sums.values(), 0.0F);
  for (const TileBox& box : boxes_) {
    const Tile tile = make_tile(scene_.cells, box, whole_, tiling_);
    TileInput input(scene_, features_, tile);
    if (turn) input.turn(*turn);
    const PointOutput output = network.forward(input.input(scoring_.category, cuts));
    blend(tile, output.values, sums);
    if (progress_) progress_(++done_, scoring_.quarter_turns * tiles());
  }
  return to_probabilities(sums, name);
}

}  // namespace ptattn
