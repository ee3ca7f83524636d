#pragma once

#include <cstddef>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/trace.hpp"

namespace ptattn {

/// Represents a network that names what a cloud is. Immutable; `logits` is safe from many threads.
class Classifier {
 public:
  virtual ~Classifier() = default;
  [[nodiscard]] virtual std::size_t class_count() const = 0;
  /// Returns the fewest points that `logits` takes.
  [[nodiscard]] virtual std::size_t min_points() const { return 1; }
  /// Returns the layers whose attention weights a Trace can listen to, in the order of the forward
  /// pass.
  [[nodiscard]] virtual std::vector<AttentionLayer> attention_layers() const { return {}; }
  /// Returns class scores before softmax.
  /// @param points  [n, 3] preprocessed as the model's profile says
  /// @return        [1, classes]
  /// @throws        Error(Fault::kUsage) when n is less than min_points()
  [[nodiscard]] virtual Matrix logits(MatrixView points, const Trace& trace = {}) const = 0;
};

}  // namespace ptattn
