#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Receives named intermediate results of a forward pass ("pt_last.sa1", [points, channels]), for
/// parity checks and attention maps. Empty: nobody listens, nothing is spent.
using Trace = std::function<void(std::string_view name, MatrixView values)>;

/// A network that names what a cloud is. Immutable; `logits` is safe from many threads.
class Classifier {
 public:
  virtual ~Classifier() = default;
  [[nodiscard]] virtual std::size_t class_count() const = 0;
  /// The fewest points that `logits` takes.
  [[nodiscard]] virtual std::size_t min_points() const { return 1; }
  /// Class scores before softmax.
  /// @param points  [n, 3] preprocessed as the model's profile says
  /// @return        [1, classes]
  /// @throws        Error(Fault::kUsage) when n is less than min_points()
  [[nodiscard]] virtual Matrix logits(MatrixView points, const Trace& trace = {}) const = 0;
};

}  // namespace ptattn
