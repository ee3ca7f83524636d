#include "ptattn/nn/kernels/int8_quantize.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/int8_quantize.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

using Lane = HWY_CAPPED(float, 16);
using One = HWY_CAPPED(float, 1);
using Vec = hn::Vec<Lane>;

constexpr float kLevels = 127.0F;

// Vectors that are worked on together, for the sake of independent maxima and whole stores.
constexpr std::size_t kVectors = 4;

/// What turns values into steps; rows of zeros have neither.
struct Steps {
  explicit Steps(float range) : scale(range / kLevels), inverse(range > 0 ? kLevels / range : 0) {}
  float scale;
  float inverse;
};

/// min(max(round(x / scale) + zero, 0), 127)
template <class D>
HWY_INLINE hn::Vec<hn::RebindToSigned<D>> steps_of(D d, hn::Vec<D> x, float inverse,
                                                   std::int32_t zero) {
  const hn::RebindToSigned<D> di;
  // Bounded before it becomes a whole number, as rounding must not overflow. The sum has the whole
  // number in its low bits.
  const auto steps = hn::Min(hn::Mul(x, hn::Set(d, inverse)), hn::Set(d, kLevels));
  const auto bits = hn::BitCast(di, hn::Add(steps, hn::Set(d, kRounder)));
  const auto whole = hn::Add(bits, hn::Set(di, zero - std::bit_cast<std::int32_t>(kRounder)));
  return hn::Min(hn::Max(whole, hn::Zero(di)), hn::Set(di, 127));
}

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void store_bytes(const hn::Vec<hn::RebindToSigned<Lane>> (&x)[kVectors],
                            std::uint8_t* out) {
  for (std::size_t v = 0; v < kVectors; ++v) out[v] = static_cast<std::uint8_t>(hn::GetLane(x[v]));
}
#else
/// Writes steps, one vector behind the other, as bytes.
HWY_INLINE void store_bytes(const hn::Vec<hn::RebindToSigned<Lane>> (&x)[kVectors],
                            std::uint8_t* out) {
  const hn::RebindToSigned<Lane> d;
  const hn::Repartition<std::uint8_t, Lane> db;
  constexpr std::size_t kLanes = HWY_MIN(HWY_LANES(float), 16);
  constexpr std::size_t kBlocks = kLanes / 4;
  // In a block of 128 bits the bytes of four lanes, of every vector in turn, are to become four
  // bytes of every vector; then the blocks' parts of a vector are to come together.
  alignas(16) static constexpr std::uint8_t kBytes[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                          2, 6, 10, 14, 3, 7, 11, 15};
  alignas(64) static constexpr auto kPlaces = [] {
    std::array<std::int32_t, kLanes> places{};
    for (std::size_t i = 0; i < kLanes; ++i) {
      places[i] = static_cast<std::int32_t>(4 * (i % kBlocks) + i / kBlocks);
    }
    return places;
  }();
  const auto low = hn::Or(x[0], hn::ShiftLeft<8>(x[1]));
  const auto high = hn::Or(hn::ShiftLeft<16>(x[2]), hn::ShiftLeft<24>(x[3]));
  const auto mixed = hn::BitCast(db, hn::Or(low, high));
  const auto sorted = hn::BitCast(d, hn::TableLookupBytes(mixed, hn::LoadDup128(db, kBytes)));
  const auto whole = hn::TableLookupLanes(sorted, hn::SetTableIndices(d, kPlaces.data()));
  hn::StoreU(hn::BitCast(db, whole), db, out);
}
#endif

/// Calls body(j) for groups of kVectors vectors that cover [0, n), n >= a group: the last one may
/// begin inside of the one before.
template <class Body>
HWY_INLINE void for_each_group(std::size_t n, const Body& body) {
  const std::size_t group = kVectors * hn::Lanes(Lane());
  std::size_t j = 0;
  for (; j + group <= n; j += group) body(j);
  if (j < n) body(n - group);
}

/// out[j] = value(d, j) in steps, for j in [0, n).
template <class Value>
HWY_INLINE void store_steps(std::size_t n, float inverse, std::int32_t zero, const Value& value,
                            std::uint8_t* out) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  if (n < kVectors * lanes) {
    for (std::size_t j = 0; j < n; ++j) {
      out[j] =
          static_cast<std::uint8_t>(hn::GetLane(steps_of(One(), value(One(), j), inverse, zero)));
    }
    return;
  }
  for_each_group(n, [&](std::size_t j) HWY_ATTR {
    hn::Vec<hn::RebindToSigned<Lane>> steps[kVectors];
    HWY_UNROLL(4)
    for (std::size_t v = 0; v < kVectors; ++v) {
      steps[v] = steps_of(d, value(d, j + v * lanes), inverse, zero);
    }
    store_bytes(steps, out + j);
  });
}

struct Range {
  float low;
  float high;
};

/// The range of a row and zero, of at least one group.
Range range_of(const float* x, std::size_t n) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  Vec low[kVectors];
  Vec high[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) low[v] = high[v] = hn::Zero(d);
  for_each_group(n, [&](std::size_t j) HWY_ATTR {
    HWY_UNROLL(4)
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Vec values = hn::LoadU(d, x + j + v * lanes);
      low[v] = hn::Min(low[v], values);
      high[v] = hn::Max(high[v], values);
    }
  });
  const Vec lowest = hn::Min(hn::Min(low[0], low[1]), hn::Min(low[2], low[3]));
  const Vec highest = hn::Max(hn::Max(high[0], high[1]), hn::Max(high[2], high[3]));
  return {hn::GetLane(hn::MinOfLanes(d, lowest)), hn::GetLane(hn::MaxOfLanes(d, highest))};
}

/// max over rows and columns of x[indices] + center, at least zero
float largest_sum(MatrixView x, std::span<const std::uint32_t> indices, const float* center) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  Vec all = hn::Zero(d);
  std::size_t j = 0;
  for (; j + kVectors * lanes <= x.cols; j += kVectors * lanes) {
    Vec most[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      most[v] = hn::LoadU(d, x.row(indices[0]) + j + v * lanes);
    }
    for (const std::uint32_t i : indices) {
      const float* const row = x.row(i) + j;
      HWY_UNROLL(4)
      for (std::size_t v = 0; v < kVectors; ++v) {
        most[v] = hn::Max(most[v], hn::LoadU(d, row + v * lanes));
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      all = hn::Max(all, hn::Add(most[v], hn::LoadU(d, center + j + v * lanes)));
    }
  }
  float largest = hn::GetLane(hn::MaxOfLanes(d, all));
  for (; j < x.cols; ++j) {
    for (const std::uint32_t i : indices) largest = std::max(largest, x(i, j) + center[j]);
  }
  return largest;
}

}  // namespace

void quantize(MatrixView x, std::size_t begin, const MutableByteRowsView& out) {
  // Narrow rows are filled up with zeros, which are in every range.
  constexpr std::size_t kGroup = kVectors * HWY_MIN(HWY_LANES(float), 16);
  alignas(64) std::array<float, kGroup> wide{};
  alignas(64) std::array<std::uint8_t, kGroup> bytes;
  const bool is_narrow = x.cols < kGroup;
  const std::size_t n = is_narrow ? kGroup : x.cols;
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* row = x.row(i);
    if (is_narrow) {
      std::copy_n(row, x.cols, wide.data());
      row = wide.data();
    }
    std::uint8_t* const to = out.row(begin + i);
    const Range range = range_of(row, n);
    const Steps steps(range.high - range.low);
    const auto zero = static_cast<std::int32_t>(std::nearbyint(-range.low * steps.inverse));
    const auto value = [&](auto d, std::size_t j) HWY_ATTR { return hn::LoadU(d, row + j); };
    store_steps(n, steps.inverse, zero, value, is_narrow ? bytes.data() : to);
    if (is_narrow) std::copy_n(bytes.data(), x.cols, to);
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
    const auto value = [&](auto d, std::size_t j) HWY_ATTR {
      return hn::Max(hn::Add(hn::LoadU(d, row + j), hn::LoadU(d, center + j)), hn::Zero(d));
    };
    store_steps(x.cols, steps.inverse, 0, value, out.row(r));
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
