#include "ptattn/nn/kernels/int8_quantize.hpp"

#include <algorithm>
#include <array>
#include <bit>

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
constexpr float kSmallestRange = 1e-30F;  // whose quotient is far from infinity

// Vectors that are worked on together, for the sake of independent maxima and whole stores.
constexpr std::size_t kVectors = 4;

/// What turns values into steps; rows of zeros, or as good as zeros, have neither.
struct Steps {
  explicit Steps(float range)
      : scale(range / kLevels), inverse(range > kSmallestRange ? kLevels / range : 0.0F) {}
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

/// Calls body(j) for groups of kGroup vectors that cover [0, n), n being no less than a group: the
/// last one may begin inside of the one before.
template <std::size_t kGroup, class Body>
HWY_INLINE void for_each_group(std::size_t n, const Body& body) {
  const std::size_t group = kGroup * hn::Lanes(Lane());
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
  if (n >= kVectors * lanes) {
    for_each_group<kVectors>(n, [&](std::size_t j) HWY_ATTR {
      hn::Vec<hn::RebindToSigned<Lane>> steps[kVectors];
      HWY_UNROLL(4)
      for (std::size_t v = 0; v < kVectors; ++v) {
        steps[v] = steps_of(d, value(d, j + v * lanes), inverse, zero);
      }
      store_bytes(steps, out + j);
    });
  } else if (n >= lanes) {
    for_each_group<1>(n, [&](std::size_t j) HWY_ATTR {
      const hn::Rebind<std::uint8_t, Lane> db;
      hn::StoreU(hn::DemoteTo(db, steps_of(d, value(d, j), inverse, zero)), db, out + j);
    });
  } else {
    for (std::size_t j = 0; j < n; ++j) {
      out[j] =
          static_cast<std::uint8_t>(hn::GetLane(steps_of(One(), value(One(), j), inverse, zero)));
    }
  }
}

struct Range {
  float low;
  float high;
};

/// The range of a row and zero.
template <std::size_t kGroup>
HWY_INLINE Range range_of_groups(const float* x, std::size_t n) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  Vec low[kGroup];
  Vec high[kGroup];
  for (std::size_t v = 0; v < kGroup; ++v) low[v] = high[v] = hn::Zero(d);
  for_each_group<kGroup>(n, [&](std::size_t j) HWY_ATTR {
    HWY_UNROLL(4)
    for (std::size_t v = 0; v < kGroup; ++v) {
      const Vec values = hn::LoadU(d, x + j + v * lanes);
      low[v] = hn::Min(low[v], values);
      high[v] = hn::Max(high[v], values);
    }
  });
  for (std::size_t v = 1; v < kGroup; ++v) {
    low[0] = hn::Min(low[0], low[v]);
    high[0] = hn::Max(high[0], high[v]);
  }
  return {hn::GetLane(hn::MinOfLanes(d, low[0])), hn::GetLane(hn::MaxOfLanes(d, high[0]))};
}

HWY_INLINE Range range_of(const float* x, std::size_t n) {
  const std::size_t lanes = hn::Lanes(Lane());
  if (n >= kVectors * lanes) return range_of_groups<kVectors>(x, n);
  if (n >= lanes) return range_of_groups<1>(x, n);
  Range range{0.0F, 0.0F};
  for (std::size_t j = 0; j < n; ++j) {
    range = {std::min(range.low, x[j]), std::max(range.high, x[j])};
  }
  return range;
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
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const row = x.row(i);
    const Range range = range_of(row, x.cols);
    const Steps steps(range.high - range.low);
    // The sum has the whole number in its low bits.
    const std::int32_t zero = std::bit_cast<std::int32_t>(kRounder - range.low * steps.inverse) -
                              std::bit_cast<std::int32_t>(kRounder);
    const auto value = [&](auto d, std::size_t j) HWY_ATTR { return hn::LoadU(d, row + j); };
    store_steps(x.cols, steps.inverse, zero, value, out.row(begin + i));
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
