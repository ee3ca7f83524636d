// Attention of one panel of queries to one block of keys, compiled once per Highway target.
//
// Queries are lanes, keys are rows: S^T = K Q^T and out^T = V^T P^T. A panel is two vectors of
// queries. Whatever softmax needs (largest score, total weight, correction of earlier sums) is then
// one value per lane, nothing is ever summed across lanes, and a query's result cannot depend on
// the queries beside it. Products are register tiles: rows of K, or columns of V, are broadcast one
// number at a time against a panel that stays in the first-level cache, so neither K nor V is
// packed and no head width is padded.
//
// Scores are kept times log2 e, since 2^x is cheaper than e^x.
//
// In bfloat16 (see Product), rows that products run over come two by two in words: numbers of a key
// and of a query, then weights and values of two keys.

#if defined(PTATTN_NN_KERNELS_ATTENTION_PANEL_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NN_KERNELS_ATTENTION_PANEL_INL_HPP
#undef PTATTN_NN_KERNELS_ATTENTION_PANEL_INL_HPP
#else
#define PTATTN_NN_KERNELS_ATTENTION_PANEL_INL_HPP
#endif

#include <array>
#include <cstddef>
#include <utility>

#include <hwy/highway.h>

#include "ptattn/nn/kernels/bfloat16-inl.hpp"
#include "ptattn/nn/kernels/bfloat16.hpp"
#include "ptattn/nn/kernels/math-inl.hpp"
#include "ptattn/nn/kernels/product-inl.hpp"
#include "ptattn/nn/kernels/register_tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

HWY_INLINE std::size_t panel_width() {
  return 2 * hn::Lanes(Lane());
}

/// Holds a(i, k) of a row-major matrix.
struct Rows {
  const float* data;
  std::size_t stride;
  HWY_INLINE float operator()(std::size_t i, std::size_t k) const { return data[i * stride + k]; }
};

/// Holds a(i, k) of the transpose of a row-major matrix.
struct Columns {
  const float* data;
  std::size_t stride;
  HWY_INLINE float operator()(std::size_t i, std::size_t k) const { return data[k * stride + i]; }
};

/// Returns sum = a b over `depth` rows of b [depth, panel].
template <std::size_t kRows, Product kProduct = Product::kFloat32, class A>
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
      sum[i][0] = multiply_add<kProduct>(x, b0, sum[i][0]);
      sum[i][1] = multiply_add<kProduct>(x, b1, sum[i][1]);
    }
  }
}

/// Calls tile(first, rows) for tiles of much the same height.
template <class Tile>
HWY_INLINE void for_each_tile(std::size_t rows, const Tile& tile) {
  const std::size_t tiles = (rows + kMaxRows - 1) / kMaxRows;
  for (std::size_t i = 0; i < tiles; ++i) {
    const std::size_t first = i * rows / tiles;
    tile(first, (i + 1) * rows / tiles - first);
  }
}

/// Represents one panel against one block of keys. In bfloat16, what the products read are words.
struct Step {
  const float* queries;  // [depth, panel]
  const float* keys;     // [count, depth]
  const float* values;   // [rows, c]
  std::size_t count;
  std::size_t rows;   // of values and weights: count, or half as many pairs
  std::size_t depth;  // d, or half as many pairs
  std::size_t width;  // c
  bool biased;        // `scores` holds what is to be added to them
  float* scores;      // [count, panel]
  float* sums;        // [c, panel]
  float* largest;     // [panel]
  float* total;       // [panel]
};

/// out^T <- out^T correction + V^T P^T for the channels first ... first + kRows - 1.
template <Product kProduct, std::size_t kRows>
void value_tile(const Step& step, std::size_t first, Vec correction0, Vec correction1) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  Vec sum[kRows][2];
  product<kRows, kProduct>(Columns{step.values + first, step.width}, step.scores, step.rows, sum);
  float* out = step.sums + first * 2 * lanes;
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i, out += 2 * lanes) {
    hn::StoreU(hn::MulAdd(hn::LoadU(d, out), correction0, sum[i][0]), d, out);
    hn::StoreU(hn::MulAdd(hn::LoadU(d, out + lanes), correction1, sum[i][1]), d, out + lanes);
  }
}

template <Product kProduct, std::size_t... kRows>
constexpr auto value_tiles(std::index_sequence<kRows...>) {
  return std::array{&value_tile<kProduct, kRows + 1>...};
}

/// [rows - 1] handles a tile of `rows` channels.
template <Product kProduct>
constexpr auto kValueTiles = value_tiles<kProduct>(std::make_index_sequence<kMaxRows>{});

/// Turns the scores of one vector of the panel into 2^(score - largest); returns their sums per
/// query.
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

/// The same with the weights of two keys in a word.
HWY_INLINE Vec weigh_pairs(const float* largest, float* scores, std::size_t count) {
  const Lane d;
  const Vec top = hn::LoadU(d, largest);
  Vec total = hn::Zero(d);
  float* words = scores;
  for (std::size_t j = 0; j < count; j += 2, words += panel_width()) {
    const float* const pair = scores + j * panel_width();
    const Vec first = rough_exp2_or_zero(d, hn::Sub(hn::LoadU(d, pair), top));
    Vec second = hn::Zero(d);
    if (j + 1 < count) {
      second = rough_exp2_or_zero(d, hn::Sub(hn::LoadU(d, pair + panel_width()), top));
    }
    total = hn::Add(hn::Add(total, first), second);
    const WordLane w;
    hn::StoreU(hn::BitCast(d, pair_weights(hn::BitCast(w, first), hn::BitCast(w, second))), d,
               words);
  }
  return total;
}

template <Product kProduct>
HWY_INLINE Vec weigh_as(const float* largest, float* scores, std::size_t count) {
  if constexpr (kProduct == Product::kFloat32) return weigh(largest, scores, count);
  return weigh_pairs(largest, scores, count);
}

/// Takes the block's keys into the panel's sums.
/// @param scorer  scorer(step) writes the scores, adds what `biased` says, and raises `largest`
template <Product kProduct, class Scorer>
HWY_INLINE void attend_step(const Step& step, const Scorer& scorer) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  const Vec before0 = hn::LoadU(d, step.largest);
  const Vec before1 = hn::LoadU(d, step.largest + lanes);
  scorer(step);

  const Vec total0 = weigh_as<kProduct>(step.largest, step.scores, step.count);
  const Vec total1 = weigh_as<kProduct>(step.largest + lanes, step.scores + lanes, step.count);
  const Vec correction0 = exp2_or_zero(d, hn::Sub(before0, hn::LoadU(d, step.largest)));
  const Vec correction1 = exp2_or_zero(d, hn::Sub(before1, hn::LoadU(d, step.largest + lanes)));
  float* total = step.total;
  hn::StoreU(hn::MulAdd(hn::LoadU(d, total), correction0, total0), d, total);
  hn::StoreU(hn::MulAdd(hn::LoadU(d, total + lanes), correction1, total1), d, total + lanes);

  for_each_tile(step.width, [&](std::size_t first, std::size_t rows) HWY_ATTR {
    kValueTiles<kProduct>[rows - 1](step, first, correction0, correction1);
  });
}

}  // namespace
}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
