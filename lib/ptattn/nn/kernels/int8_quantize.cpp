#include "ptattn/nn/kernels/int8_quantize.hpp"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/int8_quantize.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Lane = HWY_CAPPED(float, 16);
using One = HWY_CAPPED(float, 1);

constexpr float kLevels = 127.0F;

/// Calls body(d, j) for the vectors that fit into n values, then for the others one by one.
template <class Body>
HWY_INLINE void for_each_vector(std::size_t n, const Body& body) {
  const Lane d;
  std::size_t j = 0;
  for (; j + hn::Lanes(d) <= n; j += hn::Lanes(d)) body(d, j);
  for (; j < n; ++j) body(One(), j);
}

/// What turns values into steps; rows of zeros have neither.
struct Steps {
  explicit Steps(float range) : scale(range / kLevels), inverse(range > 0 ? kLevels / range : 0) {}
  float scale;
  float inverse;
};

/// min(max(round(x / scale) + zero, 0), 127) as bytes
template <class D>
HWY_INLINE void store_bytes(D d, hn::Vec<D> x, float inverse, std::int32_t zero,
                            std::uint8_t* out) {
  const hn::RebindToSigned<D> di;
  const hn::Rebind<std::uint8_t, D> db;
  // Bounded before it becomes a whole number, as rounding must not overflow.
  const auto steps = hn::Min(hn::Mul(x, hn::Set(d, inverse)), hn::Set(d, kLevels));
  const auto whole = hn::Add(hn::NearestInt(steps), hn::Set(di, zero));
  hn::StoreU(hn::DemoteTo(db, hn::Min(whole, hn::Set(di, 127))), db, out);
}

struct Range {
  float low;
  float high;
};

Range range_of(const float* x, std::size_t n) {
  const Lane d;
  auto low = hn::Zero(d);
  auto high = hn::Zero(d);
  std::size_t j = 0;
  for (; j + hn::Lanes(d) <= n; j += hn::Lanes(d)) {
    low = hn::Min(low, hn::LoadU(d, x + j));
    high = hn::Max(high, hn::LoadU(d, x + j));
  }
  Range range{hn::GetLane(hn::MinOfLanes(d, low)), hn::GetLane(hn::MaxOfLanes(d, high))};
  for (; j < n; ++j) range = {std::min(range.low, x[j]), std::max(range.high, x[j])};
  return range;
}

/// max over rows and columns of x[indices] + center, at least zero
float largest_sum(MatrixView x, std::span<const std::uint32_t> indices, const float* center) {
  float largest = 0.0F;
  const auto largest_at = [&](auto d, std::size_t j) HWY_ATTR {
    auto most = hn::LoadU(d, x.row(indices[0]) + j);
    for (const std::uint32_t i : indices) most = hn::Max(most, hn::LoadU(d, x.row(i) + j));
    return hn::Add(most, hn::LoadU(d, center + j));
  };
  const Lane d;
  auto all = hn::Zero(d);
  std::size_t j = 0;
  for (; j + hn::Lanes(d) <= x.cols; j += hn::Lanes(d)) all = hn::Max(all, largest_at(d, j));
  largest = hn::GetLane(hn::MaxOfLanes(d, all));
  for (; j < x.cols; ++j) largest = std::max(largest, hn::GetLane(largest_at(One(), j)));
  return largest;
}

}  // namespace

void quantize(MatrixView x, std::size_t begin, const MutableByteRowsView& out) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const row = x.row(i);
    const Range range = range_of(row, x.cols);
    const Steps steps(range.high - range.low);
    const auto zero = static_cast<std::int32_t>(std::nearbyint(-range.low * steps.inverse));
    std::uint8_t* const bytes = out.row(begin + i);
    for_each_vector(x.cols, [&](auto d, std::size_t j) HWY_ATTR {
      store_bytes(d, hn::LoadU(d, row + j), steps.inverse, zero, bytes + j);
    });
    out.scale[begin + i] = steps.scale;
    out.zero[begin + i] = zero;
  }
}

void quantize_sums(MatrixView x, std::span<const std::uint32_t> indices, const float* center,
                   const MutableByteRowsView& out) {
  if (indices.empty()) return;
  const Steps steps(largest_sum(x, indices, center));
  for (std::size_t r = 0; r < indices.size(); ++r) {
    const float* const row = x.row(indices[r]);
    std::uint8_t* const bytes = out.row(r);
    for_each_vector(x.cols, [&](auto d, std::size_t j) HWY_ATTR {
      const auto sum = hn::Add(hn::LoadU(d, row + j), hn::LoadU(d, center + j));
      store_bytes(d, hn::Max(sum, hn::Zero(d)), steps.inverse, 0, bytes + j);
    });
    out.scale[r] = steps.scale;
    out.zero[r] = 0;
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(quantize);
HWY_EXPORT(quantize_sums);

void quantize_rows(MatrixView x, std::size_t begin, MutableByteRowsView out) {
  HWY_DYNAMIC_DISPATCH(quantize)(x, begin, out);
}

void gather_quantize(MatrixView x, std::span<const std::uint32_t> indices, const float* center,
                     MutableByteRowsView out) {
  HWY_DYNAMIC_DISPATCH(quantize_sums)(x, indices, center, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
