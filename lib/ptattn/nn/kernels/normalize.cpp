#include "ptattn/nn/kernels/normalize.hpp"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/normalize.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Sum of step(d, j) over a row: step handles the values j ... j + Lanes(d) - 1.
template <class Step>
HWY_INLINE float sum_steps(std::size_t n, const Step& step) {
  const HWY_CAPPED(float, 16) d;
  const HWY_CAPPED(float, 1) one;
  const std::size_t lanes = hn::Lanes(d);
  auto sum = hn::Zero(d);
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) sum = hn::Add(sum, step(d, j));
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; j < n; ++j) total += hn::GetLane(step(one, j));
  return total;
}

/// A row and what it is normalised by.
struct NormRow {
  const float* x;
  float mean;
  float scale;
};

template <class D>
HWY_INLINE void store_normalized(D d, const NormWeights& weights, const NormRow& row, std::size_t j,
                                 float* out) {
  auto y = hn::Mul(hn::Sub(hn::LoadU(d, row.x + j), hn::Set(d, row.mean)), hn::Set(d, row.scale));
  if (weights.gamma != nullptr) y = hn::Mul(y, hn::LoadU(d, weights.gamma + j));
  if (weights.beta != nullptr) y = hn::Add(y, hn::LoadU(d, weights.beta + j));
  hn::StoreU(y, d, out + j);
}

/// A row whose sum is known.
HWY_INLINE void normalize_row(const NormWeights& weights, const float* x, float sum, std::size_t n,
                              float* out) {
  const float mean = sum / static_cast<float>(n);
  const float squares = sum_steps(n, [&](auto d, std::size_t j) HWY_ATTR {
    const auto difference = hn::Sub(hn::LoadU(d, x + j), hn::Set(d, mean));
    return hn::Mul(difference, difference);
  });
  const float scale = 1.0F / std::sqrt(squares / static_cast<float>(n) + weights.eps);

  const HWY_CAPPED(float, 16) d;
  const HWY_CAPPED(float, 1) one;
  const std::size_t lanes = hn::Lanes(d);
  const NormRow row{x, mean, scale};
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) store_normalized(d, weights, row, j, out);
  for (; j < n; ++j) store_normalized(one, weights, row, j, out);
}

}  // namespace

void normalize(const NormWeights& weights, MatrixView x, MutableMatrixView out) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* row = x.row(i);
    const float sum =
        sum_steps(x.cols, [&](auto d, std::size_t j) HWY_ATTR { return hn::LoadU(d, row + j); });
    normalize_row(weights, row, sum, x.cols, out.row(i));
  }
}

void add_normalize(const NormWeights& weights, MatrixView residual, MutableMatrixView x,
                   MutableMatrixView out) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    float* row = x.row(i);
    const float* add = residual.row(i);
    const float sum = sum_steps(x.cols, [&](auto d, std::size_t j) HWY_ATTR {
      const auto value = hn::Add(hn::LoadU(d, row + j), hn::LoadU(d, add + j));
      hn::StoreU(value, d, row + j);
      return value;
    });
    normalize_row(weights, row, sum, x.cols, out.row(i));
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(normalize);
HWY_EXPORT(add_normalize);

void normalize_rows(const NormWeights& weights, MatrixView x, MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(normalize)(weights, x, out);
}

void add_normalize_rows(const NormWeights& weights, MatrixView residual, MutableMatrixView x,
                        MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(add_normalize)(weights, residual, x, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
