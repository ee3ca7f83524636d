// Blocking. Every query has keys of its own, so there is no product to be tiled: a score is a dot
// product of two rows in vectors, the result a weighted sum of rows with a vector of channels in a
// register, and time goes to fetching rows that lie anywhere. The values of a query are asked for
// before its scores are computed, the keys of the next query before softmax, so that memory works
// while the CPU does.

#include "ptattn/nn/kernels/neighbor_attention.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/neighbor_attention.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "ptattn/nn/kernels/softmax-inl.hpp"

#ifndef PTATTN_NN_KERNELS_NEIGHBOR_ATTENTION_OPERANDS
#define PTATTN_NN_KERNELS_NEIGHBOR_ATTENTION_OPERANDS
namespace ptattn {

struct ListOperands {
  MatrixView q;
  MatrixView k;
  MatrixView v;
  NeighborLists neighbors;
  const AttentionScores& scores;
};

}  // namespace ptattn
#endif

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

// Head widths of 4 to 64 do not fill the widest vectors: what is left goes by quarters, then alone.
using Wide = HWY_CAPPED(float, 16);
using Quad = HWY_CAPPED(float, 4);
using Single = HWY_CAPPED(float, 1);

/// Calls body(d, j) for the vectors of [0, n), of type D while they fit, starting at `j`.
template <class D, class Body>
HWY_INLINE void by_vectors(D d, std::size_t n, std::size_t& j, const Body& body) {
  for (; j + hn::Lanes(d) <= n; j += hn::Lanes(d)) body(d, j);
}

template <class D>
HWY_INLINE float dot_by_vectors(D d, const float* a, const float* b, std::size_t n,
                                std::size_t& j) {
  if (j + hn::Lanes(d) > n) return 0.0F;
  auto sum = hn::Zero(d);
  by_vectors(d, n, j, [&](D, std::size_t at) HWY_ATTR {
    sum = hn::MulAdd(hn::LoadU(d, a + at), hn::LoadU(d, b + at), sum);
  });
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

HWY_INLINE float dot(const float* a, const float* b, std::size_t n) {
  std::size_t j = 0;
  const float wide = dot_by_vectors(Wide(), a, b, n, j);
  const float quad = dot_by_vectors(Quad(), a, b, n, j);
  return wide + quad + dot_by_vectors(Single(), a, b, n, j);
}

/// Keys of one query and their weights.
struct WeightedList {
  const std::uint32_t* keys;
  const float* weights;
  std::size_t length;
};

/// out[at ...] = sum_j weight_j v[key_j, at ...], one vector of channels.
template <class D>
HWY_INLINE void pool(D d, MatrixView v, const WeightedList& list, std::size_t at, float* out) {
  auto sum = hn::Zero(d);
  for (std::size_t j = 0; j < list.length; ++j) {
    sum = hn::MulAdd(hn::Set(d, list.weights[j]), hn::LoadU(d, v.row(list.keys[j]) + at), sum);
  }
  hn::StoreU(sum, d, out + at);
}

/// Asks for rows that are needed soon; they lie anywhere in memory.
HWY_INLINE void prefetch(MatrixView m, const std::uint32_t* list, std::size_t r) {
  constexpr std::size_t kLine = 16;  // floats of a cache line
  for (std::size_t j = 0; j < r; ++j) {
    for (std::size_t at = 0; at < m.cols; at += kLine) hwy::Prefetch(m.row(list[j]) + at);
  }
}

}  // namespace

/// @param out      [m, c]
/// @param weights  room for a list rounded up to whole vectors
void attend_lists(const ListOperands& operands, float* weights, MutableMatrixView out) {
  const auto& [q, k, v, neighbors, scores] = operands;
  const std::size_t r = neighbors.length;
  const std::size_t lanes = hn::Lanes(Wide());
  const std::size_t padded = (r + lanes - 1) / lanes * lanes;
  for (std::size_t i = 0; i < q.rows; ++i) {
    const std::uint32_t* list = neighbors.of(i);
    prefetch(v, list, r);
    for (std::size_t j = 0; j < r; ++j) {
      weights[j] = scores.scale * dot(q.row(i), k.row(list[j]), q.cols);
      if (!scores.key_bias.empty()) weights[j] += scores.key_bias[list[j]];
      if (scores.bias.data != nullptr) weights[j] += scores.bias(i, j);
    }
    std::fill(weights + r, weights + padded, -std::numeric_limits<float>::infinity());
    if (i + 1 < q.rows) prefetch(k, list + r, r);
    softmax_row(weights, padded);
    std::size_t at = 0;
    const WeightedList weighted{list, weights, r};
    const MatrixView values = v;
    const auto pool_here = [&](auto d, std::size_t channel)
                               HWY_ATTR { pool(d, values, weighted, channel, out.row(i)); };
    by_vectors(Wide(), values.cols, at, pool_here);
    by_vectors(Quad(), values.cols, at, pool_here);
    by_vectors(Single(), values.cols, at, pool_here);
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(attend_lists);

void attend_to_neighbors(MatrixView q, MatrixView k, MatrixView v, const NeighborLists& neighbors,
                         const AttentionScores& scores, MutableMatrixView out) {
  constexpr std::size_t kWidestVector = 16;
  std::vector<float> weights(neighbors.length + kWidestVector);
  HWY_DYNAMIC_DISPATCH(attend_lists)({q, k, v, neighbors, scores}, weights.data(), out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
