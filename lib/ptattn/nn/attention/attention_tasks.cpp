#include "ptattn/nn/attention/attention_tasks.hpp"

#include <limits>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/nn/kernels/softmax.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kWeightsPerTask = 16384;

/// The number of keys that the first `queries` of m queries see together.
std::size_t visible_keys(const AttentionScores& scores, std::size_t queries, std::size_t m,
                         std::size_t n) {
  if (!scores.causal) return n;
  return queries + n > m ? queries + n - m : 0;
}

}  // namespace

void check_biases(std::string_view subject, std::size_t m, std::size_t n, std::size_t pairs,
                  const AttentionScores& scores) {
  if (scores.bias.data != nullptr) check_shape(subject, "the bias", scores.bias, m, pairs);
  if (scores.key_bias.empty() || scores.key_bias.size() == n) return;
  throw Error(Fault::kUsage, subject,
              "the key bias has " + std::to_string(scores.key_bias.size()) +
                  " values, expected one for each of " + std::to_string(n) + " keys");
}

QueryTask query_task(const AttentionScores& scores, std::size_t m, std::size_t n, std::size_t begin,
                     std::size_t rows) {
  QueryTask task{begin, rows, visible_keys(scores, begin + rows, m, n), scores};
  AttentionScores& part = task.scores;
  if (!part.key_bias.empty()) part.key_bias = part.key_bias.first(task.keys);
  if (part.bias.data != nullptr) {
    part.bias = part.bias.rows_range(begin, rows).cols_range(0, task.keys);
  }
  return task;
}

void softmax_of_scores(const AttentionScores& scores, float scale, MutableMatrixView products) {
  const std::size_t n = products.cols;
  const auto add_biases = [&](std::size_t i) {
    float* row = products.row(i);
    for (std::size_t j = 0; j < n; ++j) {
      row[j] *= scale;
      if (!scores.key_bias.empty()) row[j] += scores.key_bias[j];
      if (scores.bias.data != nullptr) row[j] += scores.bias(i, j);
    }
    std::fill(row + visible_keys(scores, i + 1, products.rows, n), row + n,
              -std::numeric_limits<float>::infinity());
  };
  parallel_ranges(products.rows, 1 + kWeightsPerTask / (n + 1),
                  [&](std::size_t begin, std::size_t end) {
                    for (std::size_t i = begin; i < end; ++i) add_biases(i);
                    softmax_rows(products.rows_range(begin, end - begin));
                  });
}

}  // namespace ptattn
