#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ptattn/core/index.hpp"
#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Lanes of the widest vector that the kernels use (AVX-512); narrower ones take several steps.
inline constexpr std::size_t kPackLanes = 16;

/// Holds sixteen points, coordinate by coordinate. Unused lanes hold infinite coordinates and
/// kNoIndex: they are infinitely far from everything and lose every tie.
struct alignas(64) PointPack {
  float x[kPackLanes];
  float y[kPackLanes];
  float z[kPackLanes];
  std::uint32_t index[kPackLanes];  ///< row of the matrix that the point came from
};

/// Represents one number for each point or box of a pack.
struct alignas(64) FloatPack {
  float values[kPackLanes];
};

/// Holds bounding boxes of sixteen blocks of points. Unused lanes hold empty boxes (low > high) and
/// kNoIndex: they too are infinitely far from everything and lose every tie.
struct alignas(64) BoxPack {
  float low[3][kPackLanes];
  float high[3][kPackLanes];
  std::uint32_t lowest_index[kPackLanes];  ///< of the points in the box
};

/// Returns the number of packs that hold `count` lanes.
[[nodiscard]] constexpr std::size_t packs_for(std::size_t count) {
  return (count + kPackLanes - 1) / kPackLanes;
}

/// @throws Error(Fault::kUsage) unless `points` is [n, 3], finite, and n fits the 32-bit indices
void check_points(MatrixView points, std::string_view subject);

/// Writes the rows of `points` [n, 3] in k-d order: for every j, each aligned run of `block` 2^j
/// points (the last run may be shorter) is one cell of a k-d tree that halves the longest side of
/// its bounding box. Any block of the result is therefore compact, and so is any aligned group of
/// 2^j blocks.
/// @param points  as check_points wants them
/// @param block   points a block, a positive multiple of kPackLanes
/// @param packs   [packs_for(n)], written
/// Time O(n log(n / block)); parallel; the same result for any thread count.
void pack_in_kd_order(MatrixView points, std::size_t block, std::span<PointPack> packs);

/// Returns the number of blocks of `block` points.
[[nodiscard]] constexpr std::size_t blocks_for(std::size_t points, std::size_t block) {
  return (points + block - 1) / block;
}

/// Writes the boxes of consecutive blocks of `block` points, a positive multiple of kPackLanes.
/// @param out  [packs_for(blocks)]
void bounding_boxes(std::span<const PointPack> points, std::size_t block, std::span<BoxPack> out);

/// Writes one box a pack: the union of its boxes.
/// @param out  [packs_for(boxes.size())]
void bounding_boxes(std::span<const BoxPack> boxes, std::span<BoxPack> out);

}  // namespace ptattn
