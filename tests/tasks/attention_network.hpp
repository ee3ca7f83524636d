#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/tasks/inspect/attention_rows.hpp"

namespace ptattn::test {

/// What a layer reports at once.
struct Group {
  std::size_t head = 0;
  std::vector<std::uint32_t> queries;
  std::vector<std::uint32_t> keys;
  Matrix weights;

  Group(std::size_t h, std::vector<std::uint32_t> q, std::vector<std::uint32_t> k, MatrixView w)
      : head(h), queries(std::move(q)), keys(std::move(k)), weights(w.rows, w.cols) {
    for (std::size_t i = 0; i < w.rows; ++i) std::copy_n(w.row(i), w.cols, weights.row(i));
  }
  Group(const Group& o) : Group(o.head, o.queries, o.keys, o.weights) {}
};

struct LayerOfGroups {
  std::string name;
  std::vector<Group> groups;
};

/// All tokens attend to all tokens.
inline std::vector<Group> groups_of(MatrixView weights, std::size_t head = 0) {
  std::vector<std::uint32_t> all(weights.rows);
  std::iota(all.begin(), all.end(), std::uint32_t{0});
  return {Group(head, all, all, weights)};
}

/// A network without a network: whatever it is shown, its layers report these weights.
inline TracedPass reporting(MatrixView positions, std::vector<LayerOfGroups> layers) {
  const Group tokens(0, {}, {}, positions);  // keeps a copy
  return [tokens, layers = std::move(layers)](const Trace& trace) {
    for (const LayerOfGroups& layer : layers) {
      if (!trace.wants_attention(layer.name)) continue;
      for (const Group& group : layer.groups) {
        trace.attention(
            {layer.name, group.head, tokens.weights, group.queries, group.keys, group.weights});
      }
    }
  };
}

/// [n, 3]: (0, 0, 0), (1, 0, 0), ...
inline Matrix tokens_on_a_line(std::size_t n) {
  Matrix tokens(n, 3);
  for (std::size_t i = 0; i < n; ++i) {
    tokens(i, 0) = static_cast<float>(i);
    tokens(i, 1) = tokens(i, 2) = 0.0F;
  }
  return tokens;
}

/// [n, n], rows sum to 1.
inline Matrix random_weights(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  Matrix weights(n, n);
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0.0;
    for (std::size_t j = 0; j < n; ++j) {
      const double value = random.uniform() * random.uniform();
      weights(i, j) = static_cast<float>(value);
      sum += value;
    }
    for (std::size_t j = 0; j < n; ++j) weights(i, j) /= static_cast<float>(sum);
  }
  return weights;
}

}  // namespace ptattn::test
