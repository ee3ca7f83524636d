// Dot products as scores: the tiles of attention_panel-inl.hpp with K on their left.

#include "ptattn/nn/kernels/attention.hpp"

#include <array>
#include <cmath>
#include <utility>

#include "ptattn/nn/kernels/attention_scratch.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/attention.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/attention_groups-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

/// Scores of the keys first ... first + kRows - 1, and their maximum.
template <Product kProduct, std::size_t kRows>
void score_tile(const Step& step, std::size_t first) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  Vec sum[kRows][2];
  product<kRows, kProduct>(Rows{step.keys + first * step.depth, step.depth}, step.queries,
                           step.depth, sum);
  float* scores = step.scores + first * 2 * lanes;
  HWY_UNROLL(2)
  for (std::size_t v = 0; v < 2; ++v) {
    Vec largest = hn::LoadU(d, step.largest + v * lanes);
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      float* score = scores + (2 * i + v) * lanes;
      if (step.biased) sum[i][v] = hn::Add(sum[i][v], hn::LoadU(d, score));
      largest = hn::Max(largest, sum[i][v]);
      hn::StoreU(sum[i][v], d, score);
    }
    hn::StoreU(largest, d, step.largest + v * lanes);
  }
}

template <Product kProduct, std::size_t... kRows>
constexpr auto score_tiles(std::index_sequence<kRows...>) {
  return std::array{&score_tile<kProduct, kRows + 1>...};
}

/// [rows - 1] handles a tile of `rows` keys.
template <Product kProduct>
constexpr auto kScoreTiles = score_tiles<kProduct>(std::make_index_sequence<kMaxRows>{});

template <Product kProduct>
void score_block(const Step& step) {
  for_each_tile(step.count, [&](std::size_t first, std::size_t rows)
                                HWY_ATTR { kScoreTiles<kProduct>[rows - 1](step, first); });
}

}  // namespace

void attend_by_dot_product(const AttentionOperands& operands, MutableMatrixView out,
                           float* log_sums) {
  const Product product = operands.scores.bf16 ? bf16_product() : Product::kFloat32;
  with_product(product, [&](auto p) HWY_ATTR {
    attend<p.value>(operands, operands.scores.scale * kLog2E, score_block<p.value>, out, log_sums);
  });
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(attend_by_dot_product);

void attention_on_this_thread(MatrixView q, MatrixView k, MatrixView v,
                              const AttentionScores& scores, MutableMatrixView out) {
  attention_on_this_thread(q, k, v, scores, out, nullptr);
}

void attention_on_this_thread(MatrixView q, MatrixView k, MatrixView v,
                              const AttentionScores& scores, MutableMatrixView out,
                              float* log_sums) {
  AttentionScores scaled = scores;
  if (scaled.scale == 0.0F) scaled.scale = 1.0F / std::sqrt(static_cast<float>(q.cols));
  ScratchMemory scratch;
  HWY_DYNAMIC_DISPATCH(attend_by_dot_product)
  ({q, k, v, scaled, AttentionScratch(q.cols, v.cols, scratch)}, out, log_sums);
}

}  // namespace ptattn
#endif  // HWY_ONCE
