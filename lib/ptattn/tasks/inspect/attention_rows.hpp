#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/trace.hpp"

namespace ptattn {

/// Says which attention weights to look at: a matrix A [t, t] between the tokens of the network,
/// row i the weights that token i gives to each other, with sum 1.
struct AttentionChoice {
  /// One layer, or, for a rollout, several in the order of the forward pass (Abnar and Zuidema
  /// 2020, "Quantifying Attention Flow in Transformers"):
  ///
  ///   A = (A_L + I)/2 ... (A_2 + I)/2 (A_1 + I)/2
  ///
  /// I stands for the residual connection beside each layer.
  std::vector<AttentionLayer> layers{};
  bool rollout = false;
  std::optional<std::size_t> head{};  ///< nullopt: the mean of all heads
};

/// Says which mixtures of A's rows are wanted: M [r, t], given the positions of the tokens [t, 3].
using RowChoice = std::function<Matrix(MatrixView tokens)>;

/// Holds mixtures of the rows of an attention matrix.
struct AttentionRows {
  Matrix tokens;  ///< [t, 3] positions, as the network was given them
  Matrix rows;    ///< [r, t] = M A
};

/// Returns m A, without A: the network runs once for a layer, L times for a rollout over L layers,
/// and what each group of tokens reports is used and forgotten. Every token must be a query in one
/// group of each head, as it is in all networks here; one that is in none gives and gets a row of
/// zeros.
/// @throws Error(Fault::kUsage) when no layer is given or several without `rollout`, when a layer
///         has no such head, does not report or, in a rollout, attends between other tokens than
///         the last one; whatever `forward` throws
/// Time O(r t n) for groups of n keys, besides the forward passes; memory O(r t + n^2). The same
/// bits for any thread count.
[[nodiscard]] AttentionRows attention_rows(const TracedPass& forward, const AttentionChoice& choice,
                                           const RowChoice& select);

/// Returns the row of the token nearest to `position`, the lowest on a tie.
[[nodiscard]] RowChoice row_nearest_to(const std::array<float, 3>& position);
/// Returns the mean of all rows: how much attention each token receives.
[[nodiscard]] RowChoice mean_row();

/// Says how attention is spread over tokens.
struct AttentionSpread {
  double entropy = 0.0;  ///< -sum w ln w in nats, of the weights scaled to sum 1
  double effective =
      0.0;  ///< exp(entropy): spread evenly over that many tokens it would be as wide
  double top_share = 0.0;  ///< of the sum, what the heaviest tokens take
  std::size_t top = 0;     ///< how many those are: one in a hundred, rounded up
};
/// @param weights  [t], >= 0; all zero gives all zero
[[nodiscard]] AttentionSpread spread_of(std::span<const float> weights);

}  // namespace ptattn
