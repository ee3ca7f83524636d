// Queries are lanes, keys are rows: S^T = K Q^T and out^T = V^T P^T.
//
// A panel is two vectors of queries. Whatever softmax needs (largest score, total weight,
// correction of earlier sums) is then one value per lane, nothing is ever summed across lanes, and
// a query's result cannot depend on the queries beside it. Both products are the same register
// tile: rows of K, or columns of V, are broadcast one number at a time against a panel that stays
// in the first-level cache, so neither K nor V is packed and no head width is padded.
//
// For a block of kBlock keys: scores of the panel (tile by tile, with their running maximum),
// weights 2^(score - maximum) in place, then out^T <- out^T correction + V^T P^T. Queries come in
// groups whose panels share one contiguous copy of the block, which keeps strided views (columns of
// a fused [n, 3c] projection) out of the inner loops. Blocks begin at multiples of kBlock whatever
// the queries are: the order of all sums is a property of the key.
//
// Scores are kept times log2 e, folded into Q together with the scale, since 2^x is cheaper than
// e^x.

#include "ptattn/nn/kernels/attention.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "ptattn/nn/kernels/attention_scratch.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/attention.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

using Lane = HWY_CAPPED(float, 16);
using Vec = hn::Vec<Lane>;

constexpr std::size_t kBlock = AttentionScratch::kBlock;
constexpr std::size_t kGroup = AttentionScratch::kGroup;
constexpr float kMasked = -std::numeric_limits<float>::infinity();

// As in gemm.cpp: 2 kMaxRows accumulators, two vectors of b and one broadcast of a.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr std::size_t kMaxRows = 14;
#else
constexpr std::size_t kMaxRows = 6;
#endif

HWY_INLINE std::size_t panel_width() {
  return 2 * hn::Lanes(Lane());
}

/// a(i, k) of a row-major matrix.
struct Rows {
  const float* data;
  std::size_t stride;
  HWY_INLINE float operator()(std::size_t i, std::size_t k) const { return data[i * stride + k]; }
};

/// a(i, k) of the transpose of a row-major matrix.
struct Columns {
  const float* data;
  std::size_t stride;
  HWY_INLINE float operator()(std::size_t i, std::size_t k) const { return data[k * stride + i]; }
};

/// sum = a b over `depth` rows of b [depth, panel].
template <std::size_t kRows, class A>
HWY_INLINE void product(const A& a, const float* b, std::size_t depth, Vec (&sum)[kRows][2]) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) sum[i][0] = sum[i][1] = hn::Zero(d);
  for (std::size_t k = 0; k < depth; ++k, b += 2 * lanes) {
    const Vec b0 = hn::LoadU(d, b);
    const Vec b1 = hn::LoadU(d, b + lanes);
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      const Vec x = hn::Set(d, a(i, k));
      sum[i][0] = hn::MulAdd(x, b0, sum[i][0]);
      sum[i][1] = hn::MulAdd(x, b1, sum[i][1]);
    }
  }
}

/// One panel against one block of keys.
struct Step {
  const float* queries;  // [d, panel]
  const float* keys;     // [count, key_stride]
  std::size_t key_stride;
  const float* values;  // [count, value_stride]
  std::size_t value_stride;
  std::size_t count;
  std::size_t depth;  // d
  std::size_t width;  // c
  bool biased;        // `scores` holds what is to be added to them
  float* scores;      // [count, panel]
  float* sums;        // [c, panel]
  float* largest;     // [panel]
  float* total;       // [panel]
};

/// Scores of the keys first ... first + kRows - 1, and their maximum.
template <std::size_t kRows>
void score_tile(const Step& step, std::size_t first) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  Vec sum[kRows][2];
  product<kRows>(Rows{step.keys + first * step.key_stride, step.key_stride}, step.queries,
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

/// out^T <- out^T correction + V^T P^T for the channels first ... first + kRows - 1.
template <std::size_t kRows>
void value_tile(const Step& step, std::size_t first, Vec correction0, Vec correction1) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  Vec sum[kRows][2];
  product<kRows>(Columns{step.values + first, step.value_stride}, step.scores, step.count, sum);
  float* out = step.sums + first * 2 * lanes;
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i, out += 2 * lanes) {
    hn::StoreU(hn::MulAdd(hn::LoadU(d, out), correction0, sum[i][0]), d, out);
    hn::StoreU(hn::MulAdd(hn::LoadU(d, out + lanes), correction1, sum[i][1]), d, out + lanes);
  }
}

template <std::size_t... kRows>
constexpr auto score_tiles(std::index_sequence<kRows...>) {
  return std::array{&score_tile<kRows + 1>...};
}
template <std::size_t... kRows>
constexpr auto value_tiles(std::index_sequence<kRows...>) {
  return std::array{&value_tile<kRows + 1>...};
}

/// [rows - 1] handles a tile of `rows` rows.
constexpr auto kScoreTiles = score_tiles(std::make_index_sequence<kMaxRows>{});
constexpr auto kValueTiles = value_tiles(std::make_index_sequence<kMaxRows>{});

/// Calls tile(first, rows) for tiles of much the same height.
template <class Tile>
HWY_INLINE void for_each_tile(std::size_t rows, const Tile& tile) {
  const std::size_t tiles = (rows + kMaxRows - 1) / kMaxRows;
  for (std::size_t i = 0; i < tiles; ++i) {
    const std::size_t first = i * rows / tiles;
    tile(first, (i + 1) * rows / tiles - first);
  }
}

/// scores <- 2^(scores - largest), and their sums per query, of one vector of the panel.
HWY_INLINE Vec weigh(const float* largest, float* scores, std::size_t count) {
  const Lane d;
  const Vec top = hn::LoadU(d, largest);
  Vec total = hn::Zero(d);
  for (std::size_t j = 0; j < count; ++j, scores += panel_width()) {
    const Vec weight = exp2_or_zero(d, hn::Sub(hn::LoadU(d, scores), top));
    total = hn::Add(total, weight);
    hn::StoreU(weight, d, scores);
  }
  return total;
}

void attend_block(const Step& step) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  const Vec before0 = hn::LoadU(d, step.largest);
  const Vec before1 = hn::LoadU(d, step.largest + lanes);
  for_each_tile(step.count, [&](std::size_t first, std::size_t rows)
                                HWY_ATTR { kScoreTiles[rows - 1](step, first); });

  const Vec total0 = weigh(step.largest, step.scores, step.count);
  const Vec total1 = weigh(step.largest + lanes, step.scores + lanes, step.count);
  const Vec correction0 = exp2_or_zero(d, hn::Sub(before0, hn::LoadU(d, step.largest)));
  const Vec correction1 = exp2_or_zero(d, hn::Sub(before1, hn::LoadU(d, step.largest + lanes)));
  float* total = step.total;
  hn::StoreU(hn::MulAdd(hn::LoadU(d, total), correction0, total0), d, total);
  hn::StoreU(hn::MulAdd(hn::LoadU(d, total + lanes), correction1, total1), d, total + lanes);

  for_each_tile(step.width, [&](std::size_t first, std::size_t rows) HWY_ATTR {
    kValueTiles[rows - 1](step, first, correction0, correction1);
  });
}

// Edge of the squares that are transposed inside registers.
#if HWY_TARGET == HWY_SCALAR
constexpr std::size_t kSquare = 1;
HWY_INLINE void transpose_square(MatrixView from, std::size_t i, std::size_t j, float scale,
                                 float* to) {
  to[j * panel_width() + i] = from(i, j) * scale;
}
#else
constexpr std::size_t kSquare = 4;
/// to[j ... j + 3, i ... i + 3] = scale from[i ... i + 3, j ... j + 3]^T, `to` with a panel's
/// stride.
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

/// `m` itself where its rows follow one another, or else a copy at `to`.
const float* contiguous(MatrixView m, float* to) {
  if (m.stride == m.cols) return m.data;
  for (std::size_t i = 0; i < m.rows; ++i) std::copy_n(m.row(i), m.cols, to + i * m.cols);
  return to;
}

/// All keys for a group of queries. `before`: keys that the first query sees if `causal`.
void attend_group(MatrixView q, MatrixView k, MatrixView v, const AttentionScores& scores,
                  MatrixView bias, std::ptrdiff_t before, const AttentionScratch& scratch,
                  MutableMatrixView out) {
  const std::size_t panel = panel_width();
  const std::size_t panels = (q.rows + panel - 1) / panel;
  for (std::size_t p = 0; p < panels; ++p) {
    const std::size_t rows = std::min(panel, q.rows - p * panel);
    pack_transposed(q.rows_range(p * panel, rows), scores.scale * kLog2E,
                    scratch.queries + p * panel * q.cols);
  }
  std::fill_n(scratch.largest, panels * panel, kMasked);
  std::fill_n(scratch.total, panels * panel, 0.0F);
  std::fill_n(scratch.sums, panels * panel * v.cols, 0.0F);

  for (std::size_t first = 0; first < k.rows; first += kBlock) {
    const std::size_t count = std::min(kBlock, k.rows - first);
    Step step{};
    step.keys = contiguous(k.rows_range(first, count), scratch.keys);
    step.key_stride = step.depth = k.cols;
    step.values = contiguous(v.rows_range(first, count), scratch.values);
    step.value_stride = step.width = v.cols;
    step.count = count;
    step.scores = scratch.scores;
    for (std::size_t p = 0; p < panels; ++p) {
      const std::size_t query = p * panel;
      const std::size_t rows = std::min(panel, q.rows - query);
      const auto visible = scores.causal ? before + static_cast<std::ptrdiff_t>(query) -
                                               static_cast<std::ptrdiff_t>(first)
                                         : static_cast<std::ptrdiff_t>(count);
      if (visible + static_cast<std::ptrdiff_t>(rows) <= 1) continue;  // not even the last query
      const bool partial = visible < static_cast<std::ptrdiff_t>(count);
      step.biased = partial || bias.data != nullptr || !scores.key_bias.empty();
      if (step.biased) {
        const MatrixView part =
            bias.data != nullptr ? bias.rows_range(query, rows).cols_range(first, count) : bias;
        const float* key_bias = scores.key_bias.empty() ? nullptr : scores.key_bias.data() + first;
        pack_bias(part, key_bias, visible, count, scratch.scores);
      }
      step.queries = scratch.queries + query * q.cols;
      step.sums = scratch.sums + query * v.cols;
      step.largest = scratch.largest + query;
      step.total = scratch.total + query;
      attend_block(step);
    }
  }
  for (std::size_t p = 0; p < panels; ++p) {
    const std::size_t query = p * panel;
    finish(scratch.sums + query * v.cols, scratch.total + query,
           out.rows_range(query, std::min(panel, q.rows - query)));
  }
}

}  // namespace

void attend(MatrixView q, MatrixView k, MatrixView v, const AttentionScores& scores,
            const AttentionScratch& scratch, MutableMatrixView out) {
  const std::ptrdiff_t before =
      static_cast<std::ptrdiff_t>(k.rows) - static_cast<std::ptrdiff_t>(q.rows) + 1;
  for (std::size_t i = 0; i < q.rows; i += kGroup) {
    const std::size_t rows = std::min(kGroup, q.rows - i);
    const MatrixView bias =
        scores.bias.data != nullptr ? scores.bias.rows_range(i, rows) : scores.bias;
    attend_group(q.rows_range(i, rows), k, v, scores, bias, before + static_cast<std::ptrdiff_t>(i),
                 scratch, out.rows_range(i, rows));
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(attend);

void attention_on_this_thread(MatrixView q, MatrixView k, MatrixView v,
                              const AttentionScores& scores, MutableMatrixView out) {
  AttentionScores scaled = scores;
  if (scaled.scale == 0.0F) scaled.scale = 1.0F / std::sqrt(static_cast<float>(q.cols));
  // Kept between calls: allocating some 100 KiB anew costs a small head a tenth of its time.
  thread_local AttentionScratch scratch;
  scratch.reserve(q.cols, v.cols);
  HWY_DYNAMIC_DISPATCH(attend)(q, k, v, scaled, scratch, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
