#include "ptattn/nn/kernels/rotate.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/rotate.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V = hn::Vec<D>>
HWY_INLINE void rotate_pairs(D d, const float* angles, float* low, float* high) {
  V sine, cosine;
  hn::LoadInterleaved2(d, angles, sine, cosine);
  const V a = hn::LoadU(d, low);
  const V b = hn::LoadU(d, high);
  hn::StoreU(hn::NegMulAdd(b, sine, hn::Mul(a, cosine)), d, low);
  hn::StoreU(hn::MulAdd(a, sine, hn::Mul(b, cosine)), d, high);
}

HWY_INLINE void rotate_chunk(const float* angles, std::size_t half, float* x) {
  const HWY_CAPPED(float, 8) d;  // a chunk is short: a third of a head
  const std::size_t lanes = hn::Lanes(d);
  std::size_t j = 0;
  for (; j + lanes <= half; j += lanes) rotate_pairs(d, angles + 2 * j, x + j, x + half + j);
  for (; j < half; ++j) {
    rotate_pairs(HWY_CAPPED(float, 1)(), angles + 2 * j, x + j, x + half + j);
  }
}

}  // namespace

void rotate(MatrixView angles, std::size_t width, MutableMatrixView x) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t head = 0; head < x.cols; head += angles.cols) {
      for (std::size_t chunk = 0; chunk < angles.cols; chunk += width) {
        rotate_chunk(angles.row(i) + chunk, width / 2, x.row(i) + head + chunk);
      }
    }
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(rotate);

void rotate_chunks(MatrixView angles, std::size_t width, MutableMatrixView x) {
  HWY_DYNAMIC_DISPATCH(rotate)(angles, width, x);
}

}  // namespace ptattn
#endif  // HWY_ONCE
