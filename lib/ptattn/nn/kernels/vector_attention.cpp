#include "ptattn/nn/kernels/vector_attention.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/vector_attention.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// The arguments of vector_scores for one neighbour.
struct ScoreRow {
  const float* query;
  const float* key;
  const float* offset;
  const float* scale;
  const float* shift;
  float* out;
};

template <class D>
HWY_INLINE void score(D d, const ScoreRow& r, std::size_t c) {
  const auto difference = hn::Sub(hn::LoadU(d, r.key + c), hn::LoadU(d, r.query + c));
  const auto relation = hn::Add(difference, hn::LoadU(d, r.offset + c));
  const auto normed = hn::MulAdd(hn::LoadU(d, r.scale + c), relation, hn::LoadU(d, r.shift + c));
  hn::StoreU(hn::Max(normed, hn::Zero(d)), d, r.out + c);
}

/// The arguments of pool_neighbors but the result.
struct PoolingOperands {
  MatrixView values;
  std::span<const std::uint32_t> neighbors;
  MatrixView offsets;
  MatrixView weights;
};

template <class D>
HWY_INLINE void pool(D d, const PoolingOperands& o, std::size_t c, float* out) {
  auto sum = hn::Zero(d);
  for (std::size_t r = 0; r < o.neighbors.size(); ++r) {
    const auto value =
        hn::Add(hn::LoadU(d, o.values.row(o.neighbors[r]) + c), hn::LoadU(d, o.offsets.row(r) + c));
    sum = hn::MulAdd(hn::LoadU(d, o.weights.row(r) + c), value, sum);
  }
  hn::StoreU(sum, d, out + c);
}

}  // namespace

void scores(const float* query, MatrixView keys, std::span<const std::uint32_t> neighbors,
            MatrixView offsets, const ChannelScaling& norm, MutableMatrixView out) {
  const HWY_CAPPED(float, 16) d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t r = 0; r < neighbors.size(); ++r) {
    const ScoreRow row{query,     keys.row(neighbors[r]), offsets.row(r), norm.scale, norm.shift,
                       out.row(r)};
    std::size_t c = 0;
    for (; c + lanes <= keys.cols; c += lanes) score(d, row, c);
    for (; c < keys.cols; ++c) score(HWY_CAPPED(float, 1)(), row, c);
  }
}

void pool_all(MatrixView values, std::span<const std::uint32_t> neighbors, MatrixView offsets,
              MatrixView weights, float* out) {
  const HWY_CAPPED(float, 16) d;
  const std::size_t lanes = hn::Lanes(d);
  const PoolingOperands operands{values, neighbors, offsets, weights};
  std::size_t c = 0;
  for (; c + lanes <= values.cols; c += lanes) pool(d, operands, c, out);
  for (; c < values.cols; ++c) pool(HWY_CAPPED(float, 1)(), operands, c, out);
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(scores);
HWY_EXPORT(pool_all);

void vector_scores(const float* query, MatrixView keys, std::span<const std::uint32_t> neighbors,
                   MatrixView offsets, const ChannelScaling& norm, MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(scores)(query, keys, neighbors, offsets, norm, out);
}

void pool_neighbors(MatrixView values, std::span<const std::uint32_t> neighbors, MatrixView offsets,
                    MatrixView weights, float* out) {
  HWY_DYNAMIC_DISPATCH(pool_all)(values, neighbors, offsets, weights, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
