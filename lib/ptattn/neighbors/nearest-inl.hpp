// Picking the k nearest out of many, compiled once per Highway target; see point_pack-inl.hpp.

#if defined(PTATTN_NEIGHBORS_NEAREST_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NEIGHBORS_NEAREST_INL_HPP
#undef PTATTN_NEIGHBORS_NEAREST_INL_HPP
#else
#define PTATTN_NEIGHBORS_NEAREST_INL_HPP
#endif

#include <algorithm>
#include <array>
#include <bit>

#include <hwy/highway.h>

#include "ptattn/neighbors/candidates.hpp"
#include "ptattn/neighbors/point_pack-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {

/// Returns a bound that at least k of `values` do not exceed, and as a rule not many more.
///
/// Bisects the bit patterns. The result only has to be large enough, so a dozen steps will do.
/// @param values  `count` >= k floats, 0 <= value <= high; +inf in the rest of the last vector
HWY_INLINE float kth_smallest_bound(const float* values, std::size_t count, std::size_t k,
                                    float high) {
  constexpr int kSteps = 12;
  const FloatTag d;
  std::uint32_t too_low = 0;
  auto enough = std::bit_cast<std::uint32_t>(high);
  for (int step = 0; step < kSteps; ++step) {
    const std::uint32_t middle = too_low + (enough - too_low) / 2;
    const Floats bound = hn::Set(d, std::bit_cast<float>(middle));
    std::size_t within = 0;
    for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
      within += hn::CountTrue(d, hn::Le(hn::LoadU(d, values + i), bound));
    }
    (within < k ? too_low : enough) = middle;
    if (within >= k && within <= k + k / 8) break;
  }
  return std::bit_cast<float>(enough);
}

/// Stores the lanes of `mask` without gaps at `to`, and whatever behind them.
///
/// Not CompressStore, which is slow microcode on some CPUs; nor, below AVX-512, Compress, whose
/// table GCC 12 copies to the stack, a kilobyte, whenever it is used.
template <class Mask>
HWY_INLINE void store_selected(Floats distances, const std::uint32_t* indices, Mask mask,
                               float* to_distances, std::uint32_t* to_indices) {
  const FloatTag d;
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
  const hn::RebindToUnsigned<FloatTag> du;
  const auto index = hn::LoadU(du, indices);
#if HWY_TARGET == HWY_AVX2
  alignas(32) static constexpr std::uint32_t kShifts[8] = {0, 4, 8, 12, 16, 20, 24, 28};
  const auto packed = hn::Set(du, kLanesOfBits[lane_bits(d, mask)]);
  const auto lanes = hn::And(hn::Shr(packed, hn::Load(du, kShifts)), hn::Set(du, 7));
  hn::StoreU(hn::TableLookupLanes(distances, hn::IndicesFromVec(d, lanes)), d, to_distances);
  hn::StoreU(hn::TableLookupLanes(index, hn::IndicesFromVec(du, lanes)), du, to_indices);
#else
  hn::StoreU(hn::Compress(distances, mask), d, to_distances);
  hn::StoreU(hn::Compress(index, hn::RebindMask(du, mask)), du, to_indices);
#endif
#else
  alignas(16) float values[kPackLanes];
  hn::Store(distances, d, values);
  for (unsigned bits = lane_bits(d, mask); bits != 0; bits &= bits - 1) {
    const auto lane = static_cast<std::size_t>(std::countr_zero(bits));
    const std::uint32_t index = indices[lane];  // read first: `to_indices` may lie below `indices`
    *to_distances++ = values[lane];
    *to_indices++ = index;
  }
#endif
}

/// Appends those of a vector of points that beat `worst`.
HWY_INLINE void append(Candidates& to, Floats distances, const std::uint32_t* indices,
                       const Worst& worst) {
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> du;
  const Floats bound = hn::Set(d, worst.distance);
  if (hn::AllFalse(d, hn::Le(distances, bound))) return;
  const auto index = hn::LoadU(du, indices);
  const auto lower = hn::RebindMask(d, hn::Lt(index, hn::Set(du, worst.index)));
  const auto better = hn::Or(hn::Lt(distances, bound), hn::And(hn::Eq(distances, bound), lower));
  store_selected(distances, indices, better, to.distances.data() + to.size,
                 to.indices.data() + to.size);  // Candidates have room behind them
  to.size += hn::CountTrue(d, better);
}

/// Drops candidates that are surely not among the k best; returns what new ones have to beat.
///
/// At least k candidates must be there, and they must all beat `worst`. At most `limit` >= k stay.
inline HWY_ATTR Worst tighten(Candidates& candidates, std::size_t k, std::size_t limit,
                              const Worst& worst) {
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> du;
  const std::size_t size = candidates.size;
  float* const distances = candidates.distances.data();
  std::uint32_t* const indices = candidates.indices.data();
  hn::StoreU(hn::Inf(d), d, distances + size);
  hn::StoreU(hn::Set(du, kNoIndex), du, indices + size);
  Worst tighter{kth_smallest_bound(distances, size, k, worst.distance), kNoIndex};
  if (tighter.distance == worst.distance) tighter.index = worst.index;
  candidates.size = 0;
  for (std::size_t i = 0; i < size; i += hn::Lanes(d)) {
    // In place: the survivors never reach beyond what was read already.
    append(candidates, hn::LoadU(d, distances + i), indices + i, tighter);
  }
  if (candidates.size <= limit) return tighter;
  candidates.keep_best(k);
  return {distances[k - 1], indices[k - 1]};
}

/// Writes the indices of the k best candidates, best first.
inline HWY_ATTR void write_nearest(Candidates& candidates, std::size_t k, std::uint32_t* out) {
  constexpr std::size_t kFewCandidates = 128;  // the rank of each among all: quadratic, no branches
  const hn::CappedTag<std::int64_t, 8> d;
  const std::size_t size = candidates.size;
  if (size > kFewCandidates) {
    candidates.keep_best(k);
    std::copy_n(candidates.indices.begin(), k, out);
    return;
  }
  candidates.compute_keys();
  for (std::size_t i = 0; i < size; i += hn::Lanes(d)) {
    const auto keys = hn::LoadU(d, candidates.keys.data() + i);
    auto ranks = hn::Zero(d);
    for (std::size_t j = 0; j < size; ++j) {
      const auto smaller = hn::Lt(hn::Set(d, candidates.keys[j]), keys);
      ranks = hn::Sub(ranks, hn::VecFromMask(d, smaller));
    }
    hn::StoreU(ranks, d, candidates.ranks.data() + i);
  }
  std::array<std::uint32_t, kFewCandidates> by_rank;
  for (std::size_t i = 0; i < size; ++i) {
    by_rank[static_cast<std::size_t>(candidates.ranks[i])] = candidates.indices[i];
  }
  std::copy_n(by_rank.begin(), k, out);
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
