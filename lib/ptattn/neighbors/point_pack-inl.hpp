// Vector code shared by the kernels of neighbors and sampling, compiled once per Highway target:
// include it after <hwy/highway.h> inside a source that uses foreach_target.

#if defined(PTATTN_NEIGHBORS_POINT_PACK_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NEIGHBORS_POINT_PACK_INL_HPP
#undef PTATTN_NEIGHBORS_POINT_PACK_INL_HPP
#else
#define PTATTN_NEIGHBORS_POINT_PACK_INL_HPP
#endif

#include <cstddef>

#include <hwy/highway.h>

#include "ptattn/neighbors/point_pack.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// At most a pack wide, so that packs divide evenly into vectors on every target.
using FloatTag = hn::CappedTag<float, kPackLanes>;
using Floats = hn::Vec<FloatTag>;

/// Represents a position. Not three vectors: those of SVE cannot be members.
struct QueryPoint {
  float x, y, z;

  explicit QueryPoint(const float* p) : x(p[0]), y(p[1]), z(p[2]) {}
};

/// Returns (dx dx + dy dy) + dz dz: five roundings in this order on every target, never a fused
/// operation.
HWY_INLINE Floats squared_norm(Floats dx, Floats dy, Floats dz) {
  return hn::Add(hn::Add(hn::Mul(dx, dx), hn::Mul(dy, dy)), hn::Mul(dz, dz));
}

/// Returns the squared distances of the points in lanes `lane`... of the pack.
HWY_INLINE Floats squared_distances(const PointPack& pack, std::size_t lane, QueryPoint to) {
  const FloatTag d;
  return squared_norm(hn::Sub(hn::Load(d, pack.x + lane), hn::Set(d, to.x)),
                      hn::Sub(hn::Load(d, pack.y + lane), hn::Set(d, to.y)),
                      hn::Sub(hn::Load(d, pack.z + lane), hn::Set(d, to.z)));
}

/// Returns the lower bounds of the squared distances of all points in the boxes of lanes `lane`...
/// .
///
/// The gap to the near face is not larger than the offset of any point of the box, and rounding is
/// monotone, so the same formula over gaps never exceeds the rounded distance of a point. The bound
/// is exact in float32 and needs no safety margin.
HWY_INLINE Floats squared_distances(const BoxPack& boxes, std::size_t lane, QueryPoint to) {
  const FloatTag d;
  const auto gap = [&](std::size_t axis, float coordinate) HWY_ATTR {
    const Floats at = hn::Set(d, coordinate);
    const Floats below = hn::Sub(hn::Load(d, boxes.low[axis] + lane), at);
    const Floats above = hn::Sub(at, hn::Load(d, boxes.high[axis] + lane));
    return hn::Max(hn::Max(below, above), hn::Zero(d));
  };
  return squared_norm(gap(0, to.x), gap(1, to.y), gap(2, to.z));
}

/// Returns the mask as bits, lane 0 lowest.
template <class D, class Mask>
HWY_INLINE unsigned lane_bits(D d, Mask mask) {
  std::uint8_t bytes[8] = {};  // StoreMaskBits may write up to eight bytes
  hn::StoreMaskBits(d, mask, bytes);
  return bytes[0] | static_cast<unsigned>(bytes[1]) << 8;
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
