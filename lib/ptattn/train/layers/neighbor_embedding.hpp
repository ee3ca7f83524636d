#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/norm_layers.hpp"

namespace ptattn::train {

/// Represents the neighbourhoods of some points, a view. Points, sampled points and neighbours are
/// listed cloud after cloud, and a point's neighbours belong to its cloud.
struct Neighborhoods {
  std::span<const std::uint32_t> centers;    ///< [m] rows of the features
  std::span<const std::uint32_t> neighbors;  ///< [m k] rows of the features
  std::span<const std::size_t> point_ends;   ///< row behind the last of each cloud
  std::span<const std::size_t> center_ends;  ///< center behind the last of each cloud

  [[nodiscard]] std::size_t per_center() const { return neighbors.size() / centers.size(); }
};

/// Holds what the backward pass of a neighbour embedding needs, a view of scratch memory.
struct NeighborEmbeddingRecord {
  Neighborhoods where;
  MatrixView features;  ///< [n, in]
  MatrixView centers;   ///< [m, in] rows of them
  BatchNormRecord first;
  BatchNormRecord second;
  MatrixView largest;                      ///< [m, out] before the last ReLU
  std::span<const std::uint32_t> winners;  ///< [m out] rows of the second product
};

/// Holds neighbour embedding (Guo et al. 2021, PCT, section 3.4) with batch norms that learn:
///
///   out_i = max over neighbours j of i of ReLU(BN(conv2 ReLU(BN(conv1 [f_j - f_i, f_i]))))
///
/// With conv1 = [W_a, W_b] the first product is W_a f_j + (W_b - W_a) f_i: it runs once a point.
/// ReLU keeps order, so the maximum comes first. Parallel over rows and clouds; the same bytes for
/// any thread count.
class NeighborEmbedding {
 public:
  NeighborEmbedding() = default;
  /// Declares `name`.conv1, bn1, conv2 and bn2 of `scope.name`.
  NeighborEmbedding(ParameterSet& set, const LayerScope& scope, std::size_t in, std::size_t out,
                    BatchNormLayer::Setting norm);

  void pack(ScratchMemory& scratch);
  /// @param features  [n, in]; must stay until the backward pass
  /// @param out       [m, out], written
  [[nodiscard]] NeighborEmbeddingRecord forward(const Neighborhoods& where, MatrixView features,
                                                NormStatistics statistics, MutableMatrixView out,
                                                ScratchMemory& scratch) const;
  /// Adds the derivatives of the parameters to the gradients.
  /// @param d_features  [n, in], written
  void backward(const NeighborEmbeddingRecord& record, MatrixView d_out,
                MutableMatrixView d_features) const;

  [[nodiscard]] std::size_t out() const { return out_; }

 private:
  [[nodiscard]] MutableMatrixView largest_of(const BatchNormRecord& second, std::size_t k,
                                             std::span<std::uint32_t> winners,
                                             ScratchMemory& scratch) const;
  [[nodiscard]] std::span<const double> sum_winners(const NeighborEmbeddingRecord& record,
                                                    MatrixView d_out, ScratchMemory& scratch) const;
  void spread_winners(const NeighborEmbeddingRecord& record, MatrixView d_out,
                      const BatchNormSlopes& slopes, std::size_t first, MutableMatrixView d) const;
  void backward_second(const NeighborEmbeddingRecord& record, MatrixView d_out,
                       MutableMatrixView d_hidden) const;
  void add_gradient(const NeighborEmbeddingRecord& record, MatrixView d_near,
                    MatrixView d_center) const;
  void backward_first(const NeighborEmbeddingRecord& record, MatrixView d_product,
                      MutableMatrixView d_features) const;

  const Parameter* weight_ = nullptr;  // [out, 2 in] of conv1
  std::size_t in_ = 0;
  std::size_t out_ = 0;
  BatchNormLayer first_norm_;
  DenseLayer second_;
  BatchNormLayer second_norm_;
  PackedMatrixView near_;             // [in, out] W_a^T
  PackedMatrixView center_;           // [in, out] (W_b - W_a)^T
  PackedMatrixView near_backward_;    // [out, in]
  PackedMatrixView center_backward_;  // [out, in]
};

}  // namespace ptattn::train
