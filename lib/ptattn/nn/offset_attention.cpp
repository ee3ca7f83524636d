#include "ptattn/nn/offset_attention.hpp"

#include <algorithm>
#include <span>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/softmax_parts.hpp"

namespace ptattn {
namespace {

// Points a task works on at a time: their scores with 4096 others take 512 KiB.
constexpr std::size_t kBlock = 32;

/// E_ij of the points i in [first, first + count) with all j. Queries are keys, so E_ij = E_ji to
/// the last bit: every element is the same chain of multiply-adds.
MutableMatrixView scores_of(MatrixView qk, PackedMatrixView keys, std::size_t first,
                            std::size_t count, ScratchMemory& scratch) {
  const MutableMatrixView scores = scratch.matrix(count, qk.rows);
  gemm(qk.rows_range(first, count), keys, 0, keys.panels(), {}, scores);
  return scores;
}

/// Calls `body(first, count)` for blocks of points, in parallel.
template <class Body>
void for_each_block(std::size_t n, const Body& body) {
  parallel_each((n + kBlock - 1) / kBlock, 1, [&](std::size_t block) {
    body(block * kBlock, std::min(kBlock, n - block * kBlock));
  });
}

/// What turns E_ij into S_ij, by query i.
struct SoftmaxParts {
  std::span<float> largest;
  std::span<float> total;
};

SoftmaxParts softmax_over_keys(MatrixView qk, PackedMatrixView keys, ScratchMemory& scratch) {
  const SoftmaxParts parts{scratch.take<float>(qk.rows), scratch.take<float>(qk.rows)};
  for_each_block(qk.rows, [&](std::size_t first, std::size_t count) {
    ScratchMemory mine;
    const MatrixView scores = scores_of(qk, keys, first, count, mine);
    softmax_parts(scores, parts.largest.data() + first, parts.total.data() + first);
  });
  return parts;
}

/// x_j - sum_i w_i v_i, given the sums; keeps w = A_ij where somebody asked for it.
void finish_row(const float* x, float scale, MutableMatrixView offset, std::size_t row,
                const float* weights, Matrix* kept, std::size_t point) {
  for (std::size_t c = 0; c < offset.cols; ++c) {
    offset(row, c) = x[c] - offset(row, c) * scale;
  }
  if (kept == nullptr) return;
  for (std::size_t i = 0; i < kept->cols(); ++i) (*kept)(point, i) = weights[i] * scale;
}

}  // namespace

// Two passes over blocks of the scores. The first finds what normalises each query's row; in the
// second a block's rows are keys j and its columns queries i, so that one product sums over i.
void attention_offset(MatrixView qk, PackedMatrixView values, MatrixView x, MutableMatrixView out,
                      Matrix* attention_weights) {
  ScratchMemory scratch;
  const PackedMatrixView keys = packed_transpose(qk, scratch);
  const SoftmaxParts parts = softmax_over_keys(qk, keys, scratch);
  if (attention_weights != nullptr) *attention_weights = Matrix(x.rows, x.rows);
  for_each_block(x.rows, [&](std::size_t first, std::size_t count) {
    ScratchMemory mine;
    const MutableMatrixView weights = scores_of(qk, keys, first, count, mine);
    const auto sums = mine.take<float>(count);
    weights_from_parts(weights, parts.largest.data(), parts.total.data(), sums.data());
    const MutableMatrixView rows = out.rows_range(first, count);
    gemm(weights, values, 0, values.panels(), {}, rows);
    for (std::size_t r = 0; r < count; ++r) {
      // Scaling the sums is what scaling the weights would give.
      finish_row(x.row(first + r), 1.0F / (1e-9F + sums[r]), rows, r, weights.row(r),
                 attention_weights, first + r);
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
