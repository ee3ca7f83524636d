#include "ptattn/nn/kernels/rows.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/rows.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE void add_row(const float* x, const float* y, std::size_t cols, float* out) {
  const HWY_CAPPED(float, 16) d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t j = 0;
  for (; j + lanes <= cols; j += lanes) {
    hn::StoreU(hn::Add(hn::LoadU(d, x + j), hn::LoadU(d, y + j)), d, out + j);
  }
  for (; j < cols; ++j) out[j] = x[j] + y[j];
}

}  // namespace

void copy_listed(MatrixView x, std::span<const std::uint32_t> indices, MutableMatrixView out) {
  const HWY_CAPPED(float, 16) d;
  const std::size_t lanes = hn::Lanes(d);
  if (x.cols < lanes) {
    for (std::size_t r = 0; r < indices.size(); ++r) {
      std::copy_n(x.row(indices[r]), x.cols, out.row(r));
    }
    return;
  }
  for (std::size_t r = 0; r < indices.size(); ++r) {
    const float* const from = x.row(indices[r]);
    float* const to = out.row(r);
    std::size_t j = 0;
    for (; j + lanes <= x.cols; j += lanes) hn::StoreU(hn::LoadU(d, from + j), d, to + j);
    // What is left together with some of what was just copied.
    if (j < x.cols) hn::StoreU(hn::LoadU(d, from + x.cols - lanes), d, to + x.cols - lanes);
  }
}

void add_all(MatrixView x, MatrixView y, MutableMatrixView out) {
  for (std::size_t r = 0; r < x.rows; ++r) add_row(x.row(r), y.row(r), x.cols, out.row(r));
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(copy_listed);
HWY_EXPORT(add_all);

void copy_rows(MatrixView x, std::span<const std::uint32_t> indices, MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(copy_listed)(x, indices, out);
}

void add_matrices(MatrixView x, MatrixView y, MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(add_all)(x, y, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
