#pragma once

#include <cstddef>
#include <span>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/parameter_set.hpp"

namespace ptattn::train {

/// Says how rows are shared out where their derivatives are summed: into chunks of much the same
/// size, whose number depends on the number of rows alone. A task adds up the derivatives of one
/// chunk, row after row; the sums of the chunks are added one after the other. So any thread count
/// gives the same bytes.
class RowChunks {
 public:
  explicit RowChunks(std::size_t rows);
  /// Makes `count` chunks, which must not be more than there are rows.
  RowChunks(std::size_t rows, std::size_t count) : rows_(rows), count_(count) {}

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t begin(std::size_t chunk) const { return chunk * rows_ / count_; }
  [[nodiscard]] std::size_t end(std::size_t chunk) const { return begin(chunk + 1); }

 private:
  std::size_t rows_;
  std::size_t count_;  // 0 for no rows
};

/// Holds derivatives that one chunk of rows adds to some parameters.
class ChunkSums {
 public:
  ChunkSums(float* sums, const float* gradients) : sums_(sums), gradients_(gradients) {}
  /// Returns those of a parameter, in its layout.
  [[nodiscard]] float* of(const Parameter& parameter) const {
    return sums_ + (parameter.gradient.data() - gradients_);
  }

 private:
  float* sums_;
  const float* gradients_;
};

/// Holds derivatives of parameters that lie one after the other, a copy for each chunk of rows.
class GradientSums {
 public:
  /// Zeros, in memory of `scratch`.
  /// @param first, last  parameters of one set, in the order of their declaration
  GradientSums(const Parameter& first, const Parameter& last, std::size_t chunks,
               ScratchMemory& scratch);

  [[nodiscard]] ChunkSums chunk(std::size_t i) const {
    return {sums_.data() + i * gradients_.size(), gradients_.data()};
  }
  /// Adds the sums of all chunks to the gradients, in parallel over parameters.
  void add_up() const;

 private:
  std::span<float> gradients_;  // [size]
  std::span<float> sums_;       // [chunks size]
};

}  // namespace ptattn::train
