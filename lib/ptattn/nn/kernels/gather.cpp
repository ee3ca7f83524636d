#include "ptattn/nn/kernels/gather.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/gather.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE void add_relu(D d, const float* x, const float* center, float* out) {
  hn::StoreU(hn::Max(hn::Add(hn::LoadU(d, x), hn::LoadU(d, center)), hn::Zero(d)), d, out);
}

}  // namespace

void gather_rows(MatrixView x, std::span<const std::uint32_t> indices, const float* center,
                 MutableMatrixView out) {
  const HWY_CAPPED(float, 16) d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t r = 0; r < indices.size(); ++r) {
    const float* from = x.row(indices[r]);
    float* to = out.row(r);
    std::size_t j = 0;
    for (; j + lanes <= x.cols; j += lanes) add_relu(d, from + j, center + j, to + j);
    for (; j < x.cols; ++j) add_relu(HWY_CAPPED(float, 1)(), from + j, center + j, to + j);
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(gather_rows);

void gather_add_relu(MatrixView x, std::span<const std::uint32_t> indices, const float* center,
                     MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(gather_rows)(x, indices, center, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
