#include "ptattn/train/kernels/row_gradients.hpp"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/train/kernels/row_gradients.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Whole = HWY_CAPPED(float, 16);
using One = HWY_CAPPED(float, 1);

/// Calls step(d, j) for the values of a row, by vectors and then one by one.
template <class Step>
HWY_INLINE void for_each_vector(std::size_t n, const Step& step) {
  const Whole d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) step(d, j);
  for (; j < n; ++j) step(One(), j);
}

/// Sum of step(d, j) over a row.
template <class Step>
HWY_INLINE float sum_of_vectors(std::size_t n, const Step& step) {
  const Whole d;
  const std::size_t lanes = hn::Lanes(d);
  auto sum = hn::Zero(d);
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) sum = hn::Add(sum, step(d, j));
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; j < n; ++j) total += hn::GetLane(step(One(), j));
  return total;
}

/// Mean and 1 / sqrt(variance + eps) of a row.
struct RowMoments {
  float mean;
  float scale;
};

HWY_INLINE RowMoments moments_of(const float* x, std::size_t n, float eps) {
  const auto count = static_cast<float>(n);
  const float mean =
      sum_of_vectors(n, [&](auto d, std::size_t j) HWY_ATTR { return hn::LoadU(d, x + j); }) /
      count;
  const float squares = sum_of_vectors(n, [&](auto d, std::size_t j) HWY_ATTR {
    const auto difference = hn::Sub(hn::LoadU(d, x + j), hn::Set(d, mean));
    return hn::Mul(difference, difference);
  });
  return {mean, 1.0F / std::sqrt(squares / count + eps)};
}

/// The density of the standard normal distribution at x.
template <class D, class V>
HWY_INLINE V normal_density(D d, V x) {
  constexpr float kPeak = 0.3989422804F;
  const V half_square = hn::Mul(hn::Mul(x, x), hn::Set(d, -0.5F));
  return hn::Mul(exp_or_zero(d, half_square), hn::Set(d, kPeak));
}

/// GELU(x) and GELU'(x).
template <class V>
struct GeluAndSlope {
  V value;
  V slope;
};

/// GELU'(x) = Phi(x) + x phi(x). Phi(x) comes from gelu: Phi(x) = GELU(x) / x away from zero, where
/// its own series serves.
template <class D, class V>
HWY_INLINE GeluAndSlope<V> gelu_and_slope(D d, V x) {
  const V value = gelu(d, x);
  const V density = normal_density(d, x);
  // Phi(x) = 1/2 + x phi(0) (1 - x^2 / 6 + x^4 / 40 - ...), to 1e-9 for |x| < 1/8.
  const V square = hn::Mul(x, x);
  const V near = hn::MulAdd(
      x, polynomial(d, square, 0.3989422804F, -0.06649038006F, 0.009973557010F, -0.001187328216F),
      hn::Set(d, 0.5F));
  const auto is_near = hn::Lt(hn::Abs(x), hn::Set(d, 0.125F));
  const V divisor = hn::IfThenElse(is_near, hn::Set(d, 1.0F), x);
  const V distribution = hn::IfThenElse(is_near, near, hn::Div(value, divisor));
  return {value, hn::MulAdd(x, density, distribution)};
}

template <class D, class V>
HWY_INLINE V derivative_of(D d, Activation activation, V x) {
  const V one = hn::Set(d, 1.0F);
  switch (activation) {
    case Activation::kRelu:
      return hn::IfThenElseZero(hn::Gt(x, hn::Zero(d)), one);
    case Activation::kLeakyRelu:
      return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), one, hn::Set(d, kLeakyReluSlope));
    case Activation::kGelu:
      return gelu_and_slope(d, x).slope;
    case Activation::kNone:
      break;
  }
  return one;
}

}  // namespace

void normalize_gradient(const NormWeights& weights, MatrixView x, MatrixView d_out,
                        MutableMatrixView d_x, float* d_gamma, float* d_beta) {
  const std::size_t n = x.cols;
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const row = x.row(i);
    const float* const d_row = d_out.row(i);
    float* const target = d_x.row(i);
    const RowMoments m = moments_of(row, n, weights.eps);
    const auto normed = [&](auto d, std::size_t j) HWY_ATTR {
      return hn::Mul(hn::Sub(hn::LoadU(d, row + j), hn::Set(d, m.mean)), hn::Set(d, m.scale));
    };
    const auto scaled = [&](auto d, std::size_t j) HWY_ATTR {
      const auto of_out = hn::LoadU(d, d_row + j);
      return weights.gamma == nullptr ? of_out : hn::Mul(of_out, hn::LoadU(d, weights.gamma + j));
    };
    const auto count = static_cast<float>(n);
    const float mean = sum_of_vectors(n, scaled) / count;
    const float product =
        sum_of_vectors(n, [&](auto d, std::size_t j)
                              HWY_ATTR { return hn::Mul(scaled(d, j), normed(d, j)); }) /
        count;
    for_each_vector(n, [&](auto d, std::size_t j) HWY_ATTR {
      const auto y = normed(d, j);
      const auto of_out = hn::LoadU(d, d_row + j);
      const auto centered = hn::Sub(scaled(d, j), hn::Set(d, mean));
      const auto rest = hn::NegMulAdd(y, hn::Set(d, product), centered);
      hn::StoreU(hn::MulAdd(rest, hn::Set(d, m.scale), hn::LoadU(d, target + j)), d, target + j);
      hn::StoreU(hn::MulAdd(of_out, y, hn::LoadU(d, d_gamma + j)), d, d_gamma + j);
      hn::StoreU(hn::Add(of_out, hn::LoadU(d, d_beta + j)), d, d_beta + j);
    });
  }
}

void derivatives(Activation activation, MatrixView x, MutableMatrixView d_out) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const row = x.row(i);
    float* const target = d_out.row(i);
    for_each_vector(x.cols, [&](auto d, std::size_t j) HWY_ATTR {
      const auto slope = derivative_of(d, activation, hn::LoadU(d, row + j));
      hn::StoreU(hn::Mul(hn::LoadU(d, target + j), slope), d, target + j);
    });
  }
}

void gelu_slopes(MatrixView x, MutableMatrixView out, MutableMatrixView slopes) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const row = x.row(i);
    float* const values = out.row(i);
    float* const slope = slopes.row(i);
    for_each_vector(x.cols, [&](auto d, std::size_t j) HWY_ATTR {
      const auto both = gelu_and_slope(d, hn::LoadU(d, row + j));
      hn::StoreU(both.value, d, values + j);
      hn::StoreU(both.slope, d, slope + j);
    });
  }
}

void multiply_values(MatrixView x, MutableMatrixView y) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const row = x.row(i);
    float* const target = y.row(i);
    for_each_vector(x.cols, [&](auto d, std::size_t j) HWY_ATTR {
      hn::StoreU(hn::Mul(hn::LoadU(d, target + j), hn::LoadU(d, row + j)), d, target + j);
    });
  }
}

void largest_rows(MatrixView x, std::span<const std::uint32_t> rows, float* best,
                  std::uint32_t* winners) {
  for_each_vector(x.cols, [&](auto d, std::size_t j) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    auto largest = hn::LoadU(d, x.row(rows.front()) + j);
    auto winner = hn::Set(du, rows.front());
    for (const std::uint32_t row : rows.subspan(1)) {
      const auto value = hn::LoadU(d, x.row(row) + j);
      const auto larger = hn::Gt(value, largest);
      largest = hn::IfThenElse(larger, value, largest);
      winner = hn::IfThenElse(hn::RebindMask(du, larger), hn::Set(du, row), winner);
    }
    hn::StoreU(largest, d, best + j);
    hn::StoreU(winner, du, winners + j);
  });
}

void scatter_rows(MatrixView x, std::span<const std::uint32_t> rows, MutableMatrixView out) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const row = x.row(i);
    float* const target = out.row(rows[i]);
    for_each_vector(x.cols, [&](auto d, std::size_t j)
                                HWY_ATTR { hn::StoreU(hn::LoadU(d, row + j), d, target + j); });
  }
}

void column_sums(MatrixView x, float* sums) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const row = x.row(i);
    for_each_vector(x.cols, [&](auto d, std::size_t j) HWY_ATTR {
      hn::StoreU(hn::Add(hn::LoadU(d, sums + j), hn::LoadU(d, row + j)), d, sums + j);
    });
  }
}

void column_moments(MatrixView x, const float* origin, float* sums, float* squares) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const row = x.row(i);
    for_each_vector(x.cols, [&](auto d, std::size_t j) HWY_ATTR {
      const auto difference = hn::Sub(hn::LoadU(d, row + j), hn::LoadU(d, origin + j));
      hn::StoreU(hn::Add(hn::LoadU(d, sums + j), difference), d, sums + j);
      hn::StoreU(hn::MulAdd(difference, difference, hn::LoadU(d, squares + j)), d, squares + j);
    });
  }
}

void column_products(MatrixView x, MatrixView y, const float* mean, const float* scale,
                     float* sums) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const row = x.row(i);
    const float* const other = y.row(i);
    for_each_vector(x.cols, [&](auto d, std::size_t j) HWY_ATTR {
      const auto difference = hn::Sub(hn::LoadU(d, other + j), hn::LoadU(d, mean + j));
      const auto normed = hn::Mul(difference, hn::LoadU(d, scale + j));
      hn::StoreU(hn::MulAdd(hn::LoadU(d, row + j), normed, hn::LoadU(d, sums + j)), d, sums + j);
    });
  }
}

void affine_of(const float* scale, const float* shift, Activation activation, MatrixView x,
               MutableMatrixView out) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const row = x.row(i);
    float* const target = out.row(i);
    for_each_vector(x.cols, [&](auto d, std::size_t j) HWY_ATTR {
      const auto line =
          hn::MulAdd(hn::LoadU(d, row + j), hn::LoadU(d, scale + j), hn::LoadU(d, shift + j));
      hn::StoreU(activated(d, activation, line), d, target + j);
    });
  }
}

void combine(const float* a, MatrixView y, const float* b, MatrixView z, const float* offset,
             MutableMatrixView out) {
  for (std::size_t i = 0; i < y.rows; ++i) {
    const float* const first = y.row(i);
    const float* const second = z.row(i);
    float* const target = out.row(i);
    for_each_vector(y.cols, [&](auto d, std::size_t j) HWY_ATTR {
      const auto sum =
          hn::MulAdd(hn::LoadU(d, second + j), hn::LoadU(d, b + j), hn::LoadU(d, offset + j));
      hn::StoreU(hn::MulAdd(hn::LoadU(d, first + j), hn::LoadU(d, a + j), sum), d, target + j);
    });
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(normalize_gradient);
HWY_EXPORT(derivatives);
HWY_EXPORT(gelu_slopes);
HWY_EXPORT(multiply_values);
HWY_EXPORT(largest_rows);
HWY_EXPORT(scatter_rows);
HWY_EXPORT(column_sums);
HWY_EXPORT(column_moments);
HWY_EXPORT(column_products);
HWY_EXPORT(affine_of);
HWY_EXPORT(combine);

namespace train {

void add_normalize_gradient(const NormWeights& weights, MatrixView x, MatrixView d_out,
                            MutableMatrixView d_x, float* d_gamma, float* d_beta) {
  HWY_DYNAMIC_DISPATCH(normalize_gradient)(weights, x, d_out, d_x, d_gamma, d_beta);
}

void multiply_by_derivative(Activation activation, MatrixView x, MutableMatrixView d) {
  if (activation == Activation::kNone) return;
  HWY_DYNAMIC_DISPATCH(derivatives)(activation, x, d);
}

void gelu_with_slopes(MatrixView x, MutableMatrixView out, MutableMatrixView slopes) {
  HWY_DYNAMIC_DISPATCH(gelu_slopes)(x, out, slopes);
}

void multiply_matrix(MatrixView x, MutableMatrixView y) {
  HWY_DYNAMIC_DISPATCH(multiply_values)(x, y);
}

void largest_of_rows(MatrixView x, std::span<const std::uint32_t> rows, float* largest,
                     std::uint32_t* winners) {
  HWY_DYNAMIC_DISPATCH(largest_rows)(x, rows, largest, winners);
}

void copy_to_rows(MatrixView x, std::span<const std::uint32_t> rows, MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(scatter_rows)(x, rows, out);
}

void add_column_sums(MatrixView x, float* sums) {
  HWY_DYNAMIC_DISPATCH(column_sums)(x, sums);
}

void add_column_moments(MatrixView x, const float* origin, float* sums, float* squares) {
  HWY_DYNAMIC_DISPATCH(column_moments)(x, origin, sums, squares);
}

void add_column_products(MatrixView x, MatrixView y, const float* mean, const float* scale,
                         float* sums) {
  HWY_DYNAMIC_DISPATCH(column_products)(x, y, mean, scale, sums);
}

void scale_shift_activate(const float* scale, const float* shift, Activation activation,
                          MatrixView x, MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(affine_of)(scale, shift, activation, x, out);
}

void combine_channels(const float* a, MatrixView y, const float* b, MatrixView z,
                      const float* offset, MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(combine)(a, y, b, z, offset, out);
}

}  // namespace train
}  // namespace ptattn
#endif  // HWY_ONCE
