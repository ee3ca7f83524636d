#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "matrices.hpp"
#include "ptattn/nn/attention/attention.hpp"

namespace ptattn::test {

using Table = std::vector<std::vector<double>>;

/// Softmax of each row, zeros where all is -infinity.
inline void softmax(Table& scores) {
  for (std::vector<double>& row : scores) {
    double largest = -std::numeric_limits<double>::infinity();
    for (const double x : row) largest = std::max(largest, x);
    double total = 0.0;
    for (double& x : row) total += x = std::isinf(x) ? 0.0 : std::exp(x - largest);
    for (double& x : row) x = total > 0.0 ? x / total : 0.0;
  }
}

/// The weights of AttentionScores by definition, in float64.
inline Table twin_weights(MatrixView q, MatrixView k, const AttentionScores& scores) {
  const double scale =
      scores.scale != 0.0F ? double{scores.scale} : 1.0 / std::sqrt(static_cast<double>(q.cols));
  Table weights(q.rows, std::vector<double>(k.rows));
  for (std::size_t i = 0; i < q.rows; ++i) {
    for (std::size_t j = 0; j < k.rows; ++j) {
      double score = 0.0;
      for (std::size_t d = 0; d < q.cols; ++d) score += double{q(i, d)} * k(j, d);
      score *= scale;
      if (!scores.key_bias.empty()) score += scores.key_bias[j];
      if (scores.bias.data != nullptr) score += scores.bias(i, j);
      if (scores.causal && j + q.rows > i + k.rows) {
        score = -std::numeric_limits<double>::infinity();
      }
      weights[i][j] = score;
    }
  }
  softmax(weights);
  return weights;
}

/// Largest absolute difference between `out` and weights v.
inline double distance(MatrixView out, const Table& weights, MatrixView v) {
  double largest = 0.0;
  for (std::size_t i = 0; i < out.rows; ++i) {
    for (std::size_t c = 0; c < out.cols; ++c) {
      double expected = 0.0;
      for (std::size_t j = 0; j < v.rows; ++j) expected += weights[i][j] * v(j, c);
      largest = std::max(largest, std::abs(out(i, c) - expected));
    }
  }
  return largest;
}

}  // namespace ptattn::test
