#include "ptattn/nn/attention/attention.hpp"

#include <cmath>
#include <string>
#include <string_view>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/attention/attention_tasks.hpp"
#include "ptattn/nn/kernels/attention.hpp"
#include "ptattn/nn/kernels/neighbor_attention.hpp"
#include "ptattn/nn/linear.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kNeighborsPerTask = 4096;
constexpr std::string_view kSubject = "attention";

/// @param pairs  columns that a bias has
void check_scores(MatrixView q, MatrixView k, const AttentionScores& scores, std::size_t pairs) {
  check_shape(kSubject, "the keys' matrix", k, k.rows, q.cols);
  check_biases(kSubject, q.rows, k.rows, pairs, scores);
}

float scale_of(const AttentionScores& scores, std::size_t d) {
  return scores.scale != 0.0F ? scores.scale : 1.0F / std::sqrt(static_cast<float>(d));
}

}  // namespace

void attention(MatrixView q, MatrixView k, MatrixView v, const AttentionScores& scores,
               MutableMatrixView out) {
  check_scores(q, k, scores, k.rows);
  check_shape(kSubject, "the values' matrix", v, k.rows, v.cols);
  check_shape(kSubject, "the result", out, q.rows, v.cols);
  for_query_tasks(scores, q.rows, k.rows, [&](const QueryTask& task) {
    attention_on_this_thread(q.rows_range(task.begin, task.rows), k.rows_range(0, task.keys),
                             v.rows_range(0, task.keys), task.scores,
                             out.rows_range(task.begin, task.rows));
  });
}

Matrix attention_weights(MatrixView q, MatrixView k, const AttentionScores& scores) {
  check_scores(q, k, scores, k.rows);
  Matrix weights(q.rows, k.rows);
  multiply(q, PackedMatrix::from_transposed(k), {}, weights);
  softmax_of_scores(scores, scale_of(scores, q.cols), weights);
  return weights;
}

void neighbor_attention(MatrixView q, MatrixView k, MatrixView v,
                        std::span<const std::uint32_t> neighbors, const AttentionScores& scores,
                        MutableMatrixView out) {
  const std::size_t r = q.rows == 0 ? 0 : neighbors.size() / q.rows;
  if (neighbors.size() != q.rows * r) {
    throw Error(Fault::kUsage, kSubject,
                "there are " + std::to_string(neighbors.size()) +
                    " neighbours, expected equally many for each of " + std::to_string(q.rows) +
                    " queries");
  }
  if (scores.causal) {
    throw Error(Fault::kUsage, kSubject, "the scores are causal, expected a mask in their bias");
  }
  check_scores(q, k, scores, r);
  check_shape(kSubject, "the values' matrix", v, k.rows, v.cols);
  check_shape(kSubject, "the result", out, q.rows, v.cols);
  parallel_ranges(q.rows, 1 + kNeighborsPerTask / (r + 1), [&](std::size_t begin, std::size_t end) {
    const std::size_t rows = end - begin;
    AttentionScores part = scores;
    part.scale = scale_of(scores, q.cols);
    if (part.bias.data != nullptr) part.bias = part.bias.rows_range(begin, rows);
    attend_to_neighbors(q.rows_range(begin, rows), k, v, {neighbors.data() + begin * r, r}, part,
                        out.rows_range(begin, rows));
  });
}

}  // namespace ptattn
