#include "ptattn/nn/attention/offset_attention.hpp"

#include <algorithm>
#include <span>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/softmax_stats.hpp"

namespace ptattn {
namespace {

// Points a task works on at a time: their scores with 4096 others take 512 KiB.
constexpr std::size_t kBlock = 32;

// Scores of so many points (1 MiB) wait for the second pass, others are computed again.
constexpr std::size_t kKeptPoints = 512;

/// E_ij of blocks of points i with all j. Queries are keys, so E_ij = E_ji to the last bit: every
/// element is the same chain of multiply-adds.
class Scores {
 public:
  Scores(MatrixView qk, ScratchMemory& scratch)
      : qk_(qk),
        keys_(packed_transpose(qk, scratch)),
        kept_(qk.rows <= kKeptPoints ? scratch.matrix(qk.rows, qk.rows) : MutableMatrixView{}) {}

  /// Of the points [first, first + count).
  [[nodiscard]] MatrixView compute(std::size_t first, std::size_t count,
                                   ScratchMemory& scratch) const {
    return product(first, count, is_kept() ? kept(first, count) : scratch.matrix(count, qk_.rows));
  }
  /// The same to be overwritten, after `compute` has seen all points.
  [[nodiscard]] MutableMatrixView take(std::size_t first, std::size_t count,
                                       ScratchMemory& scratch) const {
    return is_kept() ? kept(first, count) : product(first, count, scratch.matrix(count, qk_.rows));
  }

 private:
  [[nodiscard]] bool is_kept() const { return kept_.data != nullptr; }
  [[nodiscard]] MutableMatrixView kept(std::size_t first, std::size_t count) const {
    return kept_.rows_range(first, count);
  }
  [[nodiscard]] MutableMatrixView product(std::size_t first, std::size_t count,
                                          MutableMatrixView out) const {
    gemm(qk_.rows_range(first, count), keys_, 0, keys_.panels(), {}, out);
    return out;
  }

  MatrixView qk_;
  PackedMatrixView keys_;
  MutableMatrixView kept_;
};

/// Calls `body(first, count)` for blocks of points, in parallel.
template <class Body>
void for_each_block(std::size_t n, const Body& body) {
  parallel_each((n + kBlock - 1) / kBlock, 1, [&](std::size_t block) {
    body(block * kBlock, std::min(kBlock, n - block * kBlock));
  });
}

/// What turns E_ij into S_ij, by query i.
struct SoftmaxStats {
  std::span<float> largest;
  std::span<float> total;
};

SoftmaxStats softmax_over_keys(const Scores& scores, std::size_t n, ScratchMemory& scratch) {
  const SoftmaxStats parts{scratch.take<float>(n), scratch.take<float>(n)};
  for_each_block(n, [&](std::size_t first, std::size_t count) {
    ScratchMemory mine;
    softmax_stats(scores.compute(first, count, mine), parts.largest.data() + first,
                  parts.total.data() + first);
  });
  return parts;
}

/// x_j - scale sum_i w_i v_i, given the sums in `offset`.
void subtract_from(std::span<const float> x, float scale, float* offset) {
  for (std::size_t c = 0; c < x.size(); ++c) offset[c] = x[c] - offset[c] * scale;
}

/// Keeps scale w_i = A_ij of one query j.
void keep_weights(const float* weights, float scale, std::span<float> kept) {
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = weights[i] * scale;
}

}  // namespace

// Two passes over blocks of the scores. The first finds what normalises each query's row; in the
// second a block's rows are keys j and its columns queries i, so that one product sums over i.
void attention_offset(MatrixView qk, PackedMatrixView values, MatrixView x, MutableMatrixView out,
                      Matrix* attention_weights) {
  ScratchMemory scratch;
  const Scores scores(qk, scratch);
  const SoftmaxStats parts = softmax_over_keys(scores, qk.rows, scratch);
  if (attention_weights != nullptr) *attention_weights = Matrix(x.rows, x.rows);
  for_each_block(x.rows, [&](std::size_t first, std::size_t count) {
    ScratchMemory mine;
    const MutableMatrixView weights = scores.take(first, count, mine);
    const auto sums = mine.take<float>(count);
    weights_from_stats(weights, parts.largest.data(), parts.total.data(), sums.data());
    const MutableMatrixView rows = out.rows_range(first, count);
    gemm(weights, values, 0, values.panels(), {}, rows);
    for (std::size_t r = 0; r < count; ++r) {
      // Scaling the sums is what scaling the weights would give.
      const float scale = 1.0F / (1e-9F + sums[r]);
      subtract_from({x.row(first + r), x.cols}, scale, rows.row(r));
      if (attention_weights == nullptr) continue;
      keep_weights(weights.row(r), scale, {attention_weights->row(first + r), x.rows});
    }
  });
}

void offset_attention(const OffsetAttentionWeights& w, MatrixView x, MutableMatrixView out,
                      Matrix* attention_weights) {
  ScratchMemory scratch;
  const PackedMatrixView values = linear_packed(w.value, x, scratch);
  const MatrixView qk = linear(w.query_key, x, Activation::kNone, scratch);
  const MutableMatrixView offset = scratch.matrix(x.rows, values.cols);
  attention_offset(qk, values, x, offset, attention_weights);
  linear(w.transform, offset, Activation::kRelu, x, out);
}

}  // namespace ptattn
