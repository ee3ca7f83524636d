#include "ptattn/tasks/inspect/attention_rows.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/neighbors/knn.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kRowsPerTask = 16;

void check_choice(const AttentionChoice& choice) {
  if (choice.layers.empty() || (choice.layers.size() > 1 && !choice.rollout)) {
    throw Error(Fault::kUsage, "attention",
                "got " + std::to_string(choice.layers.size()) +
                    " layers, expected one, or at least one for a rollout");
  }
  for (const AttentionLayer& layer : choice.layers) {
    if (choice.head && *choice.head >= layer.heads) {
      throw Error(Fault::kUsage, layer.name,
                  "has no head " + std::to_string(*choice.head) + ", expected one below " +
                      std::to_string(layer.heads));
    }
  }
}

bool equal(MatrixView a, MatrixView b) {
  if (a.rows != b.rows || a.cols != b.cols) return false;
  for (std::size_t i = 0; i < a.rows; ++i) {
    if (!std::equal(a.row(i), a.row(i) + a.cols, b.row(i))) return false;
  }
  return true;
}

/// sum += scale M A for the part of A that `map` holds.
void add_product(MatrixView mixture, const AttentionMap& map, float scale, MutableMatrixView sum) {
  Matrix given(mixture.rows, map.queries.size());
  parallel_each(mixture.rows, kRowsPerTask, [&](std::size_t r) {
    for (std::size_t i = 0; i < map.queries.size(); ++i) given(r, i) = mixture(r, map.queries[i]);
  });
  Matrix taken(mixture.rows, map.keys.size());
  multiply(given, PackedMatrix::from_rows(map.weights), {}, taken);
  parallel_each(mixture.rows, kRowsPerTask, [&](std::size_t r) {
    for (std::size_t j = 0; j < map.keys.size(); ++j) sum(r, map.keys[j]) += scale * taken(r, j);
  });
}

/// From M to M A, layer by layer.
class Propagation {
 public:
  Propagation(const AttentionChoice& choice, const RowChoice& select)
      : head_(choice.head), residual_(choice.rollout ? 0.5F : 0.0F), select_(select) {}

  /// M <- residual M + (1 - residual) M A, where A is the attention of `layer`.
  void pass(const TracedPass& forward, const AttentionLayer& layer) {
    Matrix product;
    const float scale = (1.0F - residual_) / (head_ ? 1.0F : static_cast<float>(layer.heads));
    const auto listen = [&](const AttentionMap& map) {
      if (head_ && map.head != *head_) return;
      if (product.rows() == 0) product = first_part(map);
      add_product(state_.rows, map, scale, product);
    };
    forward(Trace::of_attention(layer.name, listen));
    if (product.rows() == 0) {
      throw Error(Fault::kUsage, layer.name, "no attention weights are reported under this name");
    }
    state_.rows = std::move(product);
  }

  AttentionRows result() && { return std::move(state_); }

 private:
  /// residual M. The tokens, and with them M, are known as soon as a layer reports.
  Matrix first_part(const AttentionMap& map) {
    if (state_.tokens.rows() == 0) {
      state_.tokens = clone(map.tokens);
      state_.rows = select_(state_.tokens);
    } else if (!equal(state_.tokens, map.tokens)) {
      throw Error(Fault::kUsage, map.layer,
                  "attends between other points than the layers behind it, a rollout needs the "
                  "same in all of them");
    }
    Matrix part(state_.rows.rows(), state_.rows.cols());
    std::ranges::transform(state_.rows.values(), part.data(),
                           [&](float value) { return residual_ * value; });
    return part;
  }

  std::optional<std::size_t> head_;
  float residual_;  // the share of M in what comes out of a layer
  const RowChoice& select_;
  AttentionRows state_;
};

}  // namespace

AttentionRows attention_rows(const TracedPass& forward, const AttentionChoice& choice,
                             const RowChoice& select) {
  check_choice(choice);
  Propagation propagation(choice, select);
  std::for_each(choice.layers.rbegin(), choice.layers.rend(),
                [&](const AttentionLayer& layer) { propagation.pass(forward, layer); });
  return std::move(propagation).result();
}

RowChoice row_nearest_to(const std::array<float, 3>& position) {
  return [position](MatrixView tokens) {
    Matrix row(1, tokens.rows);
    std::ranges::fill(row.values(), 0.0F);
    row(0, k_nearest(tokens, {position.data(), 1, 3, 3}, 1).indices.front()) = 1.0F;
    return row;
  };
}

RowChoice mean_row() {
  return [](MatrixView tokens) {
    Matrix row(1, tokens.rows);
    std::ranges::fill(row.values(), 1.0F / static_cast<float>(tokens.rows));
    return row;
  };
}

AttentionSpread spread_of(std::span<const float> weights) {
  AttentionSpread spread;
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  spread.top = (weights.size() + 99) / 100;
  if (sum <= 0.0) return spread;
  for (const float weight : weights) {
    const double share = weight / sum;
    if (share > 0.0) spread.entropy -= share * std::log(share);
  }
  spread.effective = std::exp(spread.entropy);
  std::vector<float> heaviest(spread.top);
  std::ranges::partial_sort_copy(weights, heaviest, std::ranges::greater());
  spread.top_share = std::accumulate(heaviest.begin(), heaviest.end(), 0.0) / sum;
  return spread;
}

}  // namespace ptattn
