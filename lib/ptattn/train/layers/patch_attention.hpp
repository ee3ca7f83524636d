#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/ptv3/level.hpp"
#include "ptattn/neighbors/voxel_hash.hpp"
#include "ptattn/train/layers/dense_layer.hpp"

namespace ptattn::train {

/// Holds rows along a serialised order and the patches that they are cut into; every row is owned
/// by one patch.
struct PatchOrder {
  std::span<const std::uint32_t> rows;  ///< a row may occur again where it is padding
  std::span<const Patch> patches;       ///< positions in `rows`
};

/// Holds what the backward pass of patch attention needs, a view of scratch memory.
struct PatchAttentionRecord {
  MatrixView qkv;  ///< [n, 3 c]
  MatrixView out;  ///< [n, c]
  PatchOrder order;
  std::span<const float> log_sums;  ///< [h, positions]
  std::span<const Cell> cells;      ///< [n], for the relative encoding
};

/// Holds multi-head attention inside patches (Wu et al. 2024, Point Transformer V3, section 4.3):
/// the rows that a patch owns attend to all of its rows, padding too.
///
///   out_i = sum_j softmax_j(scale q_i . k_j + bias_ij) v_j,  both rows of the patch that owns i
///
/// with bias_ij of a relative table over steps of the grid, if there is one. Nothing of the size
/// [patch, patch] outlives a task unless there is such a table. Parallel over patches and heads;
/// derivatives for padding rows are added in the order of the patches, so that any thread count
/// gives the same bytes.
class PatchAttention {
 public:
  PatchAttention() = default;
  /// @param scale  of the scores; 0: 1 / sqrt(c / heads)
  PatchAttention(std::size_t channels, std::size_t heads, double scale);
  /// Declares `name` [3 (2 bound + 1), heads], a relative table.
  void add_relative_table(ParameterSet& set, const LayerScope& scope, std::size_t bound);

  /// @param qkv  [n, 3 c] queries, keys and values of all heads; must stay until the backward pass
  /// @param out  [n, c], likewise
  [[nodiscard]] PatchAttentionRecord forward(MatrixView qkv, const PatchOrder& order,
                                             std::span<const Cell> cells, MutableMatrixView out,
                                             ScratchMemory& scratch) const;
  /// @param d_out  [n, c]
  /// @param d_qkv  [n, 3 c], written
  void backward(const PatchAttentionRecord& record, MatrixView d_out,
                MutableMatrixView d_qkv) const;

 private:
  class HeadTask;

  std::size_t heads_ = 1;
  std::size_t width_ = 0;  // of a head
  float scale_ = 0.0F;
  const Parameter* table_ = nullptr;
  std::size_t bound_ = 0;
};

}  // namespace ptattn::train
