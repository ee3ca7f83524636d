#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Represents the layers of relative_mlp. Batch norm between them is folded into the first.
struct RelativeMlpWeights {
  DenseWeights hidden;  // [3, 3], with bias
  Linear out;           // [3, c]
};

/// Computes the learnt encoding of relative positions (Zhao et al. 2021, Point Transformer, eq. 4):
///
///   delta_(i,r) = out ReLU(hidden (p_{N_ir} - q_i))
///
/// Moving queries and keys together changes nothing beyond rounding.
/// @param queries    [m, 3] positions q
/// @param keys       [n, 3] positions p
/// @param neighbors  [m, k] row-major indices of keys, each below n
/// @param out        [m k, c], the neighbours of a query one after the other
/// @throws Error(Fault::kUsage) when the shapes do not fit each other
/// Time O(m k c), memory O(1) beside the result; parallel over rows, on the calling thread when
/// there are at most 128 of them; the same bits for any thread count.
void relative_mlp(const RelativeMlpWeights& w, MatrixView queries, MatrixView keys,
                  std::span<const std::uint32_t> neighbors, MutableMatrixView out);

/// Holds relative encoding by a table over grid steps (Wu et al. 2024, Point Transformer V3, the
/// variant with RPE), a bias of the attention scores:
///
///   bias_ij = sum over axes a of table[clamp(g_ia - g_ja, -b, b) + b + a (2b + 1), head]
///
/// Moving all grid coordinates together changes nothing.
class RelativeTable {
 public:
  RelativeTable() = default;
  /// @param table  [3 (2b + 1), h] as checkpoints store it (rpe_table)
  /// @throws Error(Fault::kUsage) when its number of rows is no such number
  explicit RelativeTable(MatrixView table);

  [[nodiscard]] std::size_t heads() const { return heads_.rows(); }
  /// Returns b, in cells
  [[nodiscard]] std::size_t bound() const { return bound_; }

  /// Writes the biases of one head on the calling thread, so that patches and heads can run side by
  /// side; give it some of a patch's queries at a time where the whole matrix would be large.
  /// @param head     below heads()
  /// @param queries  [m, 3] row-major grid coordinates; differences to the keys fit into int32
  /// @param keys     [n, 3] likewise
  /// @param out      [m, n]
  /// @throws Error(Fault::kUsage) when the shapes do not fit each other
  /// Time O(m n), memory O(n) beside the result.
  void bias(std::size_t head, std::span<const std::int32_t> queries,
            std::span<const std::int32_t> keys, MutableMatrixView out) const;

 private:
  Matrix heads_;  ///< [h, 3 (2b + 1)]: what one head reads lies together
  std::size_t bound_ = 0;
};

}  // namespace ptattn
