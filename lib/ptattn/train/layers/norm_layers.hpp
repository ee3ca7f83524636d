#pragma once

#include <cstddef>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/activation.hpp"
#include "ptattn/train/layers/dense_layer.hpp"

namespace ptattn::train {

/// Holds layer normalisation (Ba et al. 2016), eps 1e-5. Works on blocks of rows on the calling
/// thread.
class LayerNormLayer {
 public:
  LayerNormLayer() = default;
  /// Declares `name`.weight and `name`.bias.
  LayerNormLayer(ParameterSet& set, const LayerScope& scope, std::size_t channels);

  /// @param x, y  [n, c]; may be the same
  void forward(MatrixView x, MutableMatrixView y) const;
  /// Adds the derivatives of x to `d_x` and those of gamma and beta to `sums`.
  /// @param x    [n, c], as the forward pass had it
  /// @param d_y  [n, c]
  /// @param d_x  [n, c]; overlaps neither x nor d_y
  void backward(MatrixView x, MatrixView d_y, const ChunkSums& sums, MutableMatrixView d_x) const;

  [[nodiscard]] const Parameter& first_parameter() const { return *gamma_; }
  [[nodiscard]] const Parameter& last_parameter() const { return *beta_; }

 private:
  const Parameter* gamma_ = nullptr;  // [c]
  const Parameter* beta_ = nullptr;   // [c]
};

/// Says which statistics a batch norm uses.
enum class NormStatistics : std::uint8_t {
  kOfStep,   ///< those of the rows given, which move the running ones
  kRunning,  ///< the running ones, which stay as they are
};

/// Holds what the backward pass of a batch norm needs, a view of scratch memory.
struct BatchNormRecord {
  MatrixView x;                  ///< [n, c] what was normalised
  std::span<const float> mean;   ///< [c]
  std::span<const float> scale;  ///< [c] 1 / sqrt(variance + eps)
  std::span<const float> slope;  ///< [c] of x: gamma scale
  std::span<const float> shift;  ///< [c] beta - slope mean
  NormStatistics statistics = NormStatistics::kRunning;
};

/// Says how derivatives pass a batch norm without activation: d_x = slope d + of_x x + offset, by
/// channel; a view of scratch memory.
struct BatchNormSlopes {
  std::span<const float> slope;   ///< [c]
  std::span<const float> of_x;    ///< [c]
  std::span<const float> offset;  ///< [c]
};

/// Holds batch normalisation (Ioffe and Szegedy 2015) over all rows of a step, followed by an
/// activation:
///
///   y = activation(gamma (x - mean) / sqrt(variance + eps) + beta)
///   running <- (1 - momentum) running + momentum of the step (the variance of n - 1)
///
/// Parallel over rows; the same bytes for any thread count.
class BatchNormLayer {
 public:
  struct Setting {
    double eps = 1e-5;
    double momentum = 0.1;
    Activation activation = Activation::kNone;
  };

  BatchNormLayer() = default;
  /// Declares `name`.weight, `name`.bias, `name`.running_mean and `name`.running_var.
  BatchNormLayer(ParameterSet& set, const LayerScope& scope, std::size_t channels,
                 const Setting& setting);

  /// Finds the statistics.
  /// @param x        [n, c]; must stay as it is until the backward pass
  /// @param scratch  gets them
  [[nodiscard]] BatchNormRecord prepare(MatrixView x, NormStatistics statistics,
                                        ScratchMemory& scratch) const;
  /// y = the normalised and activated rows, on the calling thread.
  /// @param x, y  [rows, c]; may be the same
  void apply(const BatchNormRecord& record, MatrixView x, MutableMatrixView y) const;
  /// Returns the both of these for all rows.
  /// @param y  [n, c]; does not overlap x
  [[nodiscard]] BatchNormRecord forward(MatrixView x, NormStatistics statistics,
                                        MutableMatrixView y, ScratchMemory& scratch) const;
  /// Adds the derivatives of gamma and beta to the gradients.
  /// @param d  [n, c] derivatives of y, replaced by those of x
  void backward(const BatchNormRecord& record, MutableMatrixView d) const;
  /// Does the first half of that for derivatives `d` before the activation that the caller has
  /// summed: adds those of gamma and beta to the gradients.
  /// @param totals  [2 c] sums over all rows of d, then of d (x - mean) scale
  /// @return        how derivatives of x follow
  [[nodiscard]] BatchNormSlopes add_sums(const BatchNormRecord& record,
                                         std::span<const double> totals,
                                         ScratchMemory& scratch) const;

 private:
  void take_statistics(MatrixView x, std::span<float> mean, std::span<float> variance) const;

  const Parameter* gamma_ = nullptr;          // [c]
  const Parameter* beta_ = nullptr;           // [c]
  const Buffer* running_mean_ = nullptr;      // [c]
  const Buffer* running_variance_ = nullptr;  // [c]
  Setting setting_;
};

}  // namespace ptattn::train
