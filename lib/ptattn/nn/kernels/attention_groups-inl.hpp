// Attention of any number of queries to any number of keys, compiled once per Highway target.
//
// Blocking. The innermost step is one panel of queries (two vectors, attention_panel-inl.hpp)
// against one block of 128 keys: its scores, 128 x 32 floats, are 16 KiB and never leave the
// first-level cache, nor do the keys and values of the block. Up to 512 queries, of narrow heads
// 1024, make a group, whose panels meet a block one after the other while one contiguous copy of it
// serves all of them; what a group keeps between blocks (queries, sums, largest scores, totals)
// fits the second-level cache. So keys and values come from memory once for every group, and beside
// the operands nothing grows with their number. Sums are rescaled when a block raises the largest
// score (online softmax, Milakov and Gimelshein 2018; Dao et al. 2022).

#if defined(PTATTN_NN_KERNELS_ATTENTION_GROUPS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NN_KERNELS_ATTENTION_GROUPS_INL_HPP
#undef PTATTN_NN_KERNELS_ATTENTION_GROUPS_INL_HPP
#else
#define PTATTN_NN_KERNELS_ATTENTION_GROUPS_INL_HPP
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include <hwy/highway.h>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/attention_panel-inl.hpp"
#include "ptattn/nn/kernels/attention_scores.hpp"
#include "ptattn/nn/kernels/attention_scratch.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

constexpr std::size_t kBlock = AttentionScratch::kBlock;
constexpr float kMasked = -std::numeric_limits<float>::infinity();

// Edge of the squares that are transposed inside registers.
#if HWY_TARGET == HWY_SCALAR
constexpr std::size_t kSquare = 1;
HWY_INLINE void transpose_square(MatrixView from, std::size_t i, std::size_t j, float scale,
                                 float* to) {
  to[j * panel_width() + i] = from(i, j) * scale;
}
#else
constexpr std::size_t kSquare = 4;
/// Returns to[j ... j + 3, i ... i + 3] = scale from[i ... i + 3, j ... j + 3]^T, `to` with a
/// panel's stride.
HWY_INLINE void transpose_square(MatrixView from, std::size_t i, std::size_t j, float scale,
                                 float* to) {
  const HWY_CAPPED(float, 4) d;
  const auto load = [&](std::size_t r) HWY_ATTR {
    return hn::Mul(hn::LoadU(d, from.row(i + r) + j), hn::Set(d, scale));
  };
  const auto r0 = load(0), r1 = load(1), r2 = load(2), r3 = load(3);
  const auto even_low = hn::InterleaveLower(d, r0, r2);
  const auto odd_low = hn::InterleaveLower(d, r1, r3);
  const auto even_high = hn::InterleaveUpper(d, r0, r2);
  const auto odd_high = hn::InterleaveUpper(d, r1, r3);
  const std::size_t panel = panel_width();
  hn::StoreU(hn::InterleaveLower(d, even_low, odd_low), d, to + j * panel + i);
  hn::StoreU(hn::InterleaveUpper(d, even_low, odd_low), d, to + (j + 1) * panel + i);
  hn::StoreU(hn::InterleaveLower(d, even_high, odd_high), d, to + (j + 2) * panel + i);
  hn::StoreU(hn::InterleaveUpper(d, even_high, odd_high), d, to + (j + 3) * panel + i);
}
#endif

/// to[j, i] = scale from[i, j], columns from from.rows to the panel's width zero.
void pack_transposed(MatrixView from, float scale, float* to) {
  const std::size_t panel = panel_width();
  const std::size_t rows = from.rows / kSquare * kSquare;
  const std::size_t cols = from.cols / kSquare * kSquare;
  for (std::size_t j = 0; j < cols; j += kSquare) {
    for (std::size_t i = 0; i < rows; i += kSquare) transpose_square(from, i, j, scale, to);
  }
  for (std::size_t j = 0; j < from.cols; ++j) {
    for (std::size_t i = j < cols ? rows : 0; i < from.rows; ++i) {
      to[j * panel + i] = from(i, j) * scale;
    }
    std::fill(to + j * panel + from.rows, to + (j + 1) * panel, 0.0F);
  }
}

/// What is added to the scores of a panel's queries, times log2 e.
/// @param bias      [queries, count] or empty
/// @param key_bias  [count] or nullptr
/// @param visible   the first query sees this many of the keys, each next one a key more
void pack_bias(MatrixView bias, const float* key_bias, std::ptrdiff_t visible, std::size_t count,
               float* to) {
  const std::size_t panel = panel_width();
  if (bias.data != nullptr) {
    pack_transposed(bias, kLog2E, to);
  } else {
    std::fill_n(to, count * panel, 0.0F);
  }
  for (std::size_t j = 0; j < count; ++j, to += panel) {
    if (key_bias != nullptr) {
      const float add = key_bias[j] * kLog2E;
      for (std::size_t i = 0; i < panel; ++i) to[i] += add;
    }
    const std::ptrdiff_t blind = static_cast<std::ptrdiff_t>(j) + 1 - visible;
    if (blind > 0) std::fill_n(to, std::min(panel, static_cast<std::size_t>(blind)), kMasked);
  }
}

/// out = (sums / total)^T; a query that saw no key gets zeros.
void finish(const float* sums, const float* total, MutableMatrixView out) {
  const std::size_t panel = panel_width();
  for (std::size_t i = 0; i < out.rows; ++i) {
    const float scale = total[i] > 0.0F ? 1.0F / total[i] : 0.0F;
    for (std::size_t c = 0; c < out.cols; ++c) out(i, c) = sums[c * panel + i] * scale;
  }
}

/// Returns log2 of a query's total weight; infinity for one that saw no key, so that 2^(score - log
/// sum) is its weight in any case.
HWY_INLINE float log_sum(float largest, float total) {
  if (total <= 0.0F) return std::numeric_limits<float>::infinity();
  return largest + std::log2(total);
}

/// Returns `m` itself where its rows follow one another, or else a copy at `to`.
const float* contiguous(MatrixView m, float* to) {
  if (m.stride == m.cols) return m.data;
  for (std::size_t i = 0; i < m.rows; ++i) std::copy_n(m.row(i), m.cols, to + i * m.cols);
  return to;
}

/// Holds queries whose panels share one contiguous copy of each block of keys, which keeps strided
/// views (columns of a fused [n, 3c] projection) out of the inner loops.
struct Group : AttentionOperands {
  std::ptrdiff_t before;  // keys that the first query sees if the scores are causal
};

/// Returns the queries of a panel that begins at `query`.
HWY_INLINE std::size_t rows_of_panel(const Group& group, std::size_t query) {
  return std::min(panel_width(), group.q.rows - query);
}

template <Product kProduct>
void begin_group(const Group& group, float query_scale) {
  const std::size_t panel = panel_width();
  for (std::size_t query = 0; query < group.q.rows; query += panel) {
    float* const packed = group.memory.queries + query * group.q.cols;
    pack_transposed(group.q.rows_range(query, rows_of_panel(group, query)), query_scale, packed);
    if constexpr (kProduct != Product::kFloat32) {
      round_row_pairs({packed, group.q.cols, panel, panel},
                      {packed, bf16_words(group.q.cols), panel, panel});
    }
  }
  const std::size_t padded = (group.q.rows + panel - 1) / panel * panel;
  std::fill_n(group.memory.largest, padded, kMasked);
  std::fill_n(group.memory.total, padded, 0.0F);
  std::fill_n(group.memory.sums, padded * group.v.cols, 0.0F);
}

void write_log_sums(const Group& group, float* log_sums) {
  for (std::size_t i = 0; i < group.q.rows; ++i) {
    log_sums[i] = log_sum(group.memory.largest[i], group.memory.total[i]);
  }
}

/// Writes what is added to the scores of a panel, if anything is.
/// @param visible  keys of the block that the panel's first query sees
bool write_bias(const Group& group, std::size_t query, std::size_t first, std::size_t count,
                std::ptrdiff_t visible) {
  const AttentionScores& scores = group.scores;
  const bool partial = visible < static_cast<std::ptrdiff_t>(count);
  if (!partial && scores.bias.data == nullptr && scores.key_bias.empty()) return false;
  const MatrixView bias =
      scores.bias.data == nullptr
          ? MatrixView{}
          : scores.bias.rows_range(query, rows_of_panel(group, query)).cols_range(first, count);
  pack_bias(bias, scores.key_bias.empty() ? nullptr : scores.key_bias.data() + first, visible,
            count, group.memory.scores);
  return true;
}

/// What the products of a block read of its keys.
template <Product kProduct>
Step begin_block(const Group& group, std::size_t first, std::size_t count) {
  const MatrixView keys = group.k.rows_range(first, count);
  const MatrixView values = group.v.rows_range(first, count);
  Step step{};
  step.count = count;
  step.width = values.cols;
  if constexpr (kProduct == Product::kFloat32) {
    step.keys = contiguous(keys, group.memory.keys);
    step.values = contiguous(values, group.memory.values);
    step.rows = count;
    step.depth = keys.cols;
  } else {
    step.rows = bf16_words(count);
    step.depth = bf16_words(keys.cols);
    round_rows(keys, {group.memory.keys, count, step.depth, step.depth});
    round_row_pairs(values, {group.memory.values, step.rows, values.cols, values.cols});
    step.keys = group.memory.keys;
    step.values = group.memory.values;
  }
  return step;
}

/// The keys first ... first + count - 1 for all panels.
template <Product kProduct, class Scorer>
void attend_block(const Group& group, std::size_t first, std::size_t count, const Scorer& scorer) {
  Step step = begin_block<kProduct>(group, first, count);
  step.scores = group.memory.scores;
  for (std::size_t query = 0; query < group.q.rows; query += panel_width()) {
    const auto visible = group.scores.causal ? group.before + static_cast<std::ptrdiff_t>(query) -
                                                   static_cast<std::ptrdiff_t>(first)
                                             : static_cast<std::ptrdiff_t>(count);
    const auto rows = static_cast<std::ptrdiff_t>(rows_of_panel(group, query));
    if (visible + rows <= 1) continue;  // not even the last query sees a key of this block
    step.biased = write_bias(group, query, first, count, visible);
    step.queries = group.memory.queries + query * group.q.cols;
    step.sums = group.memory.sums + query * group.v.cols;
    step.largest = group.memory.largest + query;
    step.total = group.memory.total + query;
    attend_step<kProduct>(step, scorer);
  }
}

/// out_i = sum_j softmax_j(scorer's score of (query_scale q_i, k_j) + biases) v_j
///
/// Blocks of keys begin at multiples of kBlock whatever the queries are: the order of all sums is a
/// property of the keys.
/// @param log_sums  [q.rows] gets log2 of each query's total weight; nullptr: not wanted
template <Product kProduct = Product::kFloat32, class Scorer>
void attend(const AttentionOperands& operands, float query_scale, const Scorer& scorer,
            MutableMatrixView out, float* log_sums = nullptr) {
  const auto& [q, k, v, scores, memory] = operands;
  for (std::size_t i = 0; i < q.rows; i += memory.group) {
    const std::size_t rows = std::min(memory.group, q.rows - i);
    Group group{operands,
                static_cast<std::ptrdiff_t>(k.rows + i + 1) - static_cast<std::ptrdiff_t>(q.rows)};
    group.q = q.rows_range(i, rows);
    if (scores.bias.data != nullptr) group.scores.bias = scores.bias.rows_range(i, rows);
    begin_group<kProduct>(group, query_scale);
    for (std::size_t first = 0; first < k.rows; first += kBlock) {
      attend_block<kProduct>(group, first, std::min(kBlock, k.rows - first), scorer);
    }
    for (std::size_t query = 0; query < rows; query += panel_width()) {
      finish(memory.sums + query * v.cols, memory.total + query,
             out.rows_range(i + query, rows_of_panel(group, query)));
    }
    if (log_sums != nullptr) write_log_sums(group, log_sums + i);
  }
}

}  // namespace
}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
