#include "ptattn/nn/attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/attention.hpp"
#include "ptattn/nn/kernels/neighbor_attention.hpp"
#include "ptattn/nn/kernels/softmax.hpp"
#include "ptattn/nn/linear.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

// Queries of the kernel's widest panel.
constexpr std::size_t kPanel = 32;
// Panels of a task: with 16 the kernel's copies of keys and values are hardly noticed, with 4 they
// cost a tenth. Which it is changes no bit.
constexpr std::size_t kFewPanels = 4;
constexpr std::size_t kManyPanels = 16;
constexpr std::size_t kTasksPerThread = 4;
constexpr std::size_t kWeightsPerTask = 16384;
constexpr std::size_t kNeighborsPerTask = 4096;
constexpr std::string_view kSubject = "attention";

/// @param pairs  columns that a bias has
void check_scores(MatrixView q, MatrixView k, const AttentionScores& scores, std::size_t pairs) {
  check_shape(kSubject, "the keys' matrix", k, k.rows, q.cols);
  if (scores.bias.data != nullptr) check_shape(kSubject, "the bias", scores.bias, q.rows, pairs);
  if (!scores.key_bias.empty() && scores.key_bias.size() != k.rows) {
    throw Error(Fault::kModel, kSubject,
                "the key bias has " + std::to_string(scores.key_bias.size()) +
                    " values, expected one for each of " + std::to_string(k.rows) + " keys");
  }
}

float scale_of(const AttentionScores& scores, std::size_t d) {
  return scores.scale != 0.0F ? scores.scale : 1.0F / std::sqrt(static_cast<float>(d));
}

/// The number of keys that the first `queries` of m queries see together.
std::size_t visible_keys(const AttentionScores& scores, std::size_t queries, std::size_t m,
                         std::size_t n) {
  if (!scores.causal) return n;
  return queries + n > m ? queries + n - m : 0;
}

/// The problem of the queries begin ... begin + rows - 1. They are the last of the keys they see,
/// which is what causal attention asks for.
AttentionScores scores_of(const AttentionScores& scores, std::size_t begin, std::size_t rows,
                          std::size_t keys) {
  AttentionScores part = scores;
  if (!part.key_bias.empty()) part.key_bias = part.key_bias.first(keys);
  if (part.bias.data != nullptr) part.bias = part.bias.rows_range(begin, rows).cols_range(0, keys);
  return part;
}

}  // namespace

void attention(MatrixView q, MatrixView k, MatrixView v, const AttentionScores& scores,
               MutableMatrixView out) {
  check_scores(q, k, scores, k.rows);
  check_shape(kSubject, "the values' matrix", v, k.rows, v.cols);
  check_shape(kSubject, "the result", out, q.rows, v.cols);
  const std::size_t panels = (q.rows + kPanel - 1) / kPanel;
  const std::size_t wanted = panels / (kTasksPerThread * static_cast<std::size_t>(thread_count()));
  const std::size_t task_queries = std::clamp(wanted, kFewPanels, kManyPanels) * kPanel;
  parallel_each((q.rows + task_queries - 1) / task_queries, 1, [&](std::size_t task) {
    const std::size_t begin = task * task_queries;
    const std::size_t rows = std::min(task_queries, q.rows - begin);
    const std::size_t keys = visible_keys(scores, begin + rows, q.rows, k.rows);
    attention_on_this_thread(q.rows_range(begin, rows), k.rows_range(0, keys),
                             v.rows_range(0, keys), scores_of(scores, begin, rows, keys),
                             out.rows_range(begin, rows));
  });
}

Matrix attention_weights(MatrixView q, MatrixView k, const AttentionScores& scores) {
  check_scores(q, k, scores, k.rows);
  Matrix weights(q.rows, k.rows);
  multiply(q, PackedMatrix::from_transposed(k), {}, weights);
  const float scale = scale_of(scores, q.cols);
  parallel_ranges(q.rows, 1 + kWeightsPerTask / (k.rows + 1),
                  [&](std::size_t begin, std::size_t end) {
                    for (std::size_t i = begin; i < end; ++i) {
                      float* row = weights.row(i);
                      for (std::size_t j = 0; j < k.rows; ++j) {
                        row[j] *= scale;
                        if (!scores.key_bias.empty()) row[j] += scores.key_bias[j];
                        if (scores.bias.data != nullptr) row[j] += scores.bias(i, j);
                      }
                      std::fill(row + visible_keys(scores, i + 1, q.rows, k.rows), row + k.rows,
                                -std::numeric_limits<float>::infinity());
                    }
                    softmax_rows(weights.view().rows_range(begin, end - begin));
                  });
  return weights;
}

void neighbor_attention(MatrixView q, MatrixView k, MatrixView v,
                        std::span<const std::uint32_t> neighbors, const AttentionScores& scores,
                        MutableMatrixView out) {
  const std::size_t r = q.rows == 0 ? 0 : neighbors.size() / q.rows;
  if (neighbors.size() != q.rows * r) {
    throw Error(Fault::kModel, kSubject,
                "there are " + std::to_string(neighbors.size()) +
                    " neighbours, expected equally many for each of " + std::to_string(q.rows) +
                    " queries");
  }
  if (scores.causal) {
    throw Error(Fault::kModel, kSubject, "the scores are causal, expected a mask in their bias");
  }
  check_scores(q, k, scores, r);
  check_shape(kSubject, "the values' matrix", v, k.rows, v.cols);
  check_shape(kSubject, "the result", out, q.rows, v.cols);
  parallel_ranges(q.rows, 1 + kNeighborsPerTask / (r + 1), [&](std::size_t begin, std::size_t end) {
    const std::size_t rows = end - begin;
    AttentionScores part = scores;
    part.scale = scale_of(scores, q.cols);
    if (part.bias.data != nullptr) part.bias = part.bias.rows_range(begin, rows);
    attend_to_neighbors(q.rows_range(begin, rows), k, v, neighbors.data() + begin * r, r, part,
                        out.rows_range(begin, rows));
  });
}

}  // namespace ptattn
