// Bucket-based farthest point sampling (Han et al. 2023, QuickFPS), one level of buckets.
//
// The points stand in k-d order, in blocks with a bounding box each. A block remembers the largest
// distance of its points to the nearest sample; a new sample that is at least that far from the
// box cannot change the block. As the samples grow denser, they touch fewer and fewer blocks.

#include "ptattn/sampling/farthest_point.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/neighbors/point_pack.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/sampling/farthest_point.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "ptattn/neighbors/point_pack-inl.hpp"

#ifndef PTATTN_SAMPLING_FARTHEST_POINT_TYPES
#define PTATTN_SAMPLING_FARTHEST_POINT_TYPES
namespace ptattn {
namespace {

/// Blocks of points and what the samples drawn so far did to them. Unused lanes hold a squared
/// distance of -1, which no update raises and no maximum picks.
struct Blocks {
  std::size_t packs_per_block;
  std::span<PointPack> points;
  std::span<FloatPack> nearest;  ///< by point: squared distance to the nearest sample
  std::span<BoxPack> boxes;
  std::span<FloatPack> farthest;  ///< by block: the largest of its `nearest`
  /// By block: the lowest index among its farthest points; kNoIndex until it is asked for.
  std::span<std::uint32_t> winner;
  std::span<std::uint32_t> touched;  ///< blocks that the newest sample may change
};

}  // namespace
}  // namespace ptattn
#endif

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

/// Lists the blocks whose farthest point is farther from its nearest sample than the box is from
/// the new one.
std::size_t find_touched(Blocks& blocks, QueryPoint sample) {
  const FloatTag d;
  std::uint32_t* const first = blocks.touched.data();
  std::uint32_t* out = first;
  for (std::size_t p = 0; p < blocks.boxes.size(); ++p) {
    for (std::size_t lane = 0; lane < kPackLanes; lane += hn::Lanes(d)) {
      const Floats bound = squared_distances(blocks.boxes[p], lane, sample);
      const Floats farthest = hn::Load(d, blocks.farthest[p].values + lane);
      for (unsigned bits = lane_bits(d, hn::Lt(bound, farthest)); bits != 0; bits &= bits - 1) {
        *out++ = static_cast<std::uint32_t>(p * kPackLanes + lane) +
                 static_cast<std::uint32_t>(std::countr_zero(bits));
      }
    }
  }
  return static_cast<std::size_t>(out - first);
}

void update(Blocks& blocks, std::size_t block, QueryPoint sample) {
  const FloatTag d;
  Floats farthest = hn::Set(d, -1.0F);
  const std::size_t begin = block * blocks.packs_per_block;
  const std::size_t end = std::min(begin + blocks.packs_per_block, blocks.points.size());
  for (std::size_t p = begin; p < end; ++p) {
    for (std::size_t lane = 0; lane < kPackLanes; lane += hn::Lanes(d)) {
      float* const nearest = blocks.nearest[p].values + lane;
      const Floats updated =
          hn::Min(hn::Load(d, nearest), squared_distances(blocks.points[p], lane, sample));
      hn::Store(updated, d, nearest);
      farthest = hn::Max(farthest, updated);
    }
  }
  blocks.farthest[block / kPackLanes].values[block % kPackLanes] =
      hn::GetLane(hn::MaxOfLanes(d, farthest));
  blocks.winner[block] = kNoIndex;
}

/// The lowest index among the points of a block that are `distance` from their nearest sample.
std::uint32_t lowest_index_at(const Blocks& blocks, std::size_t block, Floats distance) {
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> du;
  auto lowest = hn::Set(du, kNoIndex);
  const std::size_t begin = block * blocks.packs_per_block;
  const std::size_t end = std::min(begin + blocks.packs_per_block, blocks.points.size());
  for (std::size_t p = begin; p < end; ++p) {
    for (std::size_t lane = 0; lane < kPackLanes; lane += hn::Lanes(d)) {
      const auto at = hn::Eq(hn::Load(d, blocks.nearest[p].values + lane), distance);
      const auto index = hn::Load(du, blocks.points[p].index + lane);
      lowest = hn::Min(lowest, hn::IfThenElse(hn::RebindMask(du, at), index, lowest));
    }
  }
  return hn::GetLane(hn::MinOfLanes(du, lowest));
}

/// The point farthest from its nearest sample; the lowest index among equals.
std::uint32_t farthest_index(Blocks& blocks) {
  const FloatTag d;
  Floats maxima = hn::Set(d, -1.0F);
  for (const FloatPack& pack : blocks.farthest) {
    for (std::size_t lane = 0; lane < kPackLanes; lane += hn::Lanes(d)) {
      maxima = hn::Max(maxima, hn::Load(d, pack.values + lane));
    }
  }
  const Floats farthest = hn::MaxOfLanes(d, maxima);
  std::uint32_t lowest = kNoIndex;
  for (std::size_t p = 0; p < blocks.farthest.size(); ++p) {
    for (std::size_t lane = 0; lane < kPackLanes; lane += hn::Lanes(d)) {
      const auto at = hn::Eq(hn::Load(d, blocks.farthest[p].values + lane), farthest);
      for (unsigned bits = lane_bits(d, at); bits != 0; bits &= bits - 1) {
        const std::size_t block =
            p * kPackLanes + lane + static_cast<std::size_t>(std::countr_zero(bits));
        std::uint32_t& winner = blocks.winner[block];
        if (winner == kNoIndex) winner = lowest_index_at(blocks, block, farthest);
        lowest = std::min(lowest, winner);
      }
    }
  }
  return lowest;
}

void draw_samples(Blocks& blocks, const MatrixView& points, std::size_t start,
                  std::span<std::uint32_t> samples) {
  auto sample = static_cast<std::uint32_t>(start);
  for (std::size_t i = 0;; ++i) {
    samples[i] = sample;
    if (i + 1 == samples.size()) return;
    const QueryPoint position(points.row(sample));
    const std::size_t touched = find_touched(blocks, position);
    for (std::size_t t = 0; t < touched; ++t) update(blocks, blocks.touched[t], position);
    sample = farthest_index(blocks);
  }
}

}  // namespace
}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {
namespace {

HWY_EXPORT(draw_samples);

void check_request(MatrixView points, std::size_t count, std::size_t start) {
  const char* const subject = "farthest_point_sample";
  check_points(points, subject);
  if (count == 0 || count > points.rows) {
    throw Error(
        Fault::kUsage, subject,
        "count is " + std::to_string(count) + ", expected 1 to " + std::to_string(points.rows));
  }
  if (start >= points.rows) {
    throw Error(Fault::kUsage, subject,
                "start is " + std::to_string(start) + ", expected less than " +
                    std::to_string(points.rows));
  }
}

/// Points a block. A sample costs one test per block plus one pass over each block that it touches,
/// about a dozen: small blocks pay while there are few of them.
std::size_t block_size(std::size_t points) {
  return points <= 4096 ? 2 * kPackLanes : 4 * kPackLanes;
}

Blocks make_blocks(MatrixView points, ScratchMemory& scratch) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::size_t block = block_size(points.rows);
  const std::size_t count = blocks_for(points.rows, block);
  const std::size_t packs = packs_for(points.rows);
  const Blocks blocks{block / kPackLanes,
                      scratch.take<PointPack>(packs),
                      scratch.take<FloatPack>(packs),
                      scratch.take<BoxPack>(packs_for(count)),
                      scratch.take<FloatPack>(packs_for(count)),
                      scratch.take<std::uint32_t>(count),
                      scratch.take<std::uint32_t>(count)};
  pack_in_kd_order(points, block, blocks.points);
  bounding_boxes(blocks.points, block, blocks.boxes);
  std::ranges::fill(blocks.winner, kNoIndex);
  for (std::size_t p = 0; p < blocks.points.size(); ++p) {
    for (std::size_t lane = 0; lane < kPackLanes; ++lane) {
      const bool used = blocks.points[p].index[lane] != kNoIndex;
      blocks.nearest[p].values[lane] = used ? kInfinity : -1.0F;
    }
  }
  for (std::size_t b = 0; b < blocks.boxes.size() * kPackLanes; ++b) {
    blocks.farthest[b / kPackLanes].values[b % kPackLanes] = b < count ? kInfinity : -1.0F;
  }
  return blocks;
}

void draw(MatrixView points, std::size_t start, std::span<std::uint32_t> samples) {
  ScratchMemory scratch;
  Blocks blocks = make_blocks(points, scratch);
  HWY_DYNAMIC_DISPATCH(draw_samples)(blocks, points, start, samples);
}

}  // namespace

std::vector<std::uint32_t> farthest_point_sample(MatrixView points, std::size_t count,
                                                 std::size_t start) {
  check_request(points, count, start);
  std::vector<std::uint32_t> samples(count);
  draw(points, start, samples);
  return samples;
}

void farthest_point_sample(MatrixView points, std::size_t start, std::span<std::uint32_t> out) {
  check_request(points, out.size(), start);
  draw(points, start, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
