// Additive scores in the layout of attention_panel-inl.hpp: queries are lanes.

#include "ptattn/nn/kernels/additive_attention.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/additive_attention.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/attention_groups-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

/// sum_h score_h tanh(q_h + k_h) for one vector of queries [h, panel] and one key.
HWY_INLINE Vec score_of_key(std::span<const float> score, const float* queries, const float* key) {
  const Lane d;
  Vec sum = hn::Zero(d);
  for (std::size_t h = 0; h < score.size(); ++h, queries += panel_width()) {
    const Vec hidden = tanh(d, hn::Add(hn::LoadU(d, queries), hn::Set(d, key[h])));
    sum = hn::MulAdd(hn::Set(d, score[h]), hidden, sum);
  }
  return sum;
}

void score_block(std::span<const float> score, const Step& step) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t v = 0; v < 2; ++v) {
    Vec largest = hn::LoadU(d, step.largest + v * lanes);
    for (std::size_t j = 0; j < step.count; ++j) {
      float* to = step.scores + (2 * j + v) * lanes;
      Vec sum = hn::Mul(score_of_key(score, step.queries + v * lanes, step.keys + j * step.depth),
                        hn::Set(d, kLog2E));
      if (step.biased) sum = hn::Add(sum, hn::LoadU(d, to));
      largest = hn::Max(largest, sum);
      hn::StoreU(sum, d, to);
    }
    hn::StoreU(largest, d, step.largest + v * lanes);
  }
}

}  // namespace

void attend_by_additive_scores(std::span<const float> score, const AttentionOperands& operands,
                               MutableMatrixView out) {
  const auto score_step = [&](const Step& step) HWY_ATTR { score_block(score, step); };
  attend(operands, 1.0F, score_step, out);
}

void score_pairs(std::span<const float> score, MatrixView q, MatrixView k,
                 const AttentionScratch& memory, MutableMatrixView out) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < q.rows; i += panel_width()) {
    const std::size_t rows = std::min(panel_width(), q.rows - i);
    pack_transposed(q.rows_range(i, rows), 1.0F, memory.queries);
    for (std::size_t j = 0; j < k.rows; ++j) {
      for (std::size_t v = 0; v < 2; ++v) {
        hn::StoreU(score_of_key(score, memory.queries + v * lanes, k.row(j)), d,
                   memory.scores + v * lanes);
      }
      for (std::size_t r = 0; r < rows; ++r) out(i + r, j) = memory.scores[r];
    }
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(attend_by_additive_scores);
HWY_EXPORT(score_pairs);

void additive_attention_on_this_thread(std::span<const float> score, MatrixView q, MatrixView k,
                                       MatrixView v, const AttentionScores& scores,
                                       MutableMatrixView out) {
  ScratchMemory scratch;
  HWY_DYNAMIC_DISPATCH(attend_by_additive_scores)
  (score, {q, k, v, scores, AttentionScratch(q.cols, v.cols, scratch)}, out);
}

void additive_scores_on_this_thread(std::span<const float> score, MatrixView q, MatrixView k,
                                    MutableMatrixView out) {
  ScratchMemory scratch;
  HWY_DYNAMIC_DISPATCH(score_pairs)(score, q, k, AttentionScratch(q.cols, 0, scratch), out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
