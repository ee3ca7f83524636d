#include "ptattn/neighbors/point_pack.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/neighbors/kd_order.hpp"

namespace ptattn {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::size_t kPointGrain = 1 << 14;  // points worth a task of their own

void put(const IndexedBox& box, BoxPack& pack, std::size_t lane) {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    pack.low[axis][lane] = box.low[axis];
    pack.high[axis][lane] = box.high[axis];
  }
  pack.lowest_index[lane] = box.lowest_index;
}

/// Packs `count` boxes, each computed by `box_of(i)`, and fills up with empty ones.
template <class BoxOf>
void pack_boxes(std::size_t count, const BoxOf& box_of, std::span<BoxPack> packs) {
  parallel_each(packs.size(), 64, [&](std::size_t p) {
    for (std::size_t lane = 0; lane < kPackLanes; ++lane) {
      const std::size_t i = p * kPackLanes + lane;
      put(i < count ? box_of(i) : IndexedBox{}, packs[p], lane);
    }
  });
}

}  // namespace

void check_points(MatrixView points, std::string_view subject) {
  if (points.cols != 3) {
    throw Error(Fault::kUsage, subject,
                std::to_string(points.cols) + " columns, expected 3: x, y and z");
  }
  if (points.rows >= kNoIndex) {
    throw Error(Fault::kUsage, subject,
                std::to_string(points.rows) + " points, expected less than 2^32 - 1");
  }
  std::atomic<bool> finite = true;
  parallel_each(points.rows, kPointGrain, [&](std::size_t i) {
    const float* p = points.row(i);
    if (!std::isfinite(p[0]) || !std::isfinite(p[1]) || !std::isfinite(p[2])) finite = false;
  });
  if (!finite) {
    throw Error(Fault::kUsage, subject, "NaN or infinite coordinates, expected finite ones");
  }
}

void pack_in_kd_order(MatrixView points, std::size_t block, std::span<PointPack> packs) {
  ScratchMemory scratch;
  const auto items = scratch.take<IndexedPoint>(points.rows);
  in_kd_order(points, block, items);
  parallel_each(packs.size(), kPointGrain / kPackLanes, [&](std::size_t p) {
    PointPack& pack = packs[p];
    for (std::size_t lane = 0; lane < kPackLanes; ++lane) {
      const std::size_t i = p * kPackLanes + lane;
      const IndexedPoint item =
          i < items.size() ? items[i] : IndexedPoint{{kInfinity, kInfinity, kInfinity}, kNoIndex};
      pack.x[lane] = item.position[0];
      pack.y[lane] = item.position[1];
      pack.z[lane] = item.position[2];
      pack.index[lane] = item.index;
    }
  });
}

void bounding_boxes(std::span<const PointPack> points, std::size_t block, std::span<BoxPack> out) {
  const std::size_t packs_per_block = block / kPackLanes;
  const auto box_of = [&](std::size_t b) {
    IndexedBox box;
    const std::size_t end = std::min(points.size(), (b + 1) * packs_per_block);
    for (std::size_t p = b * packs_per_block; p < end; ++p) {
      const PointPack& pack = points[p];
      for (std::size_t i = 0; i < kPackLanes && pack.index[i] != kNoIndex; ++i) {
        box.include(IndexedPoint{{pack.x[i], pack.y[i], pack.z[i]}, pack.index[i]});
      }
    }
    return box;
  };
  pack_boxes(blocks_for(points.size(), packs_per_block), box_of, out);
}

void bounding_boxes(std::span<const BoxPack> boxes, std::span<BoxPack> out) {
  const auto box_of = [&](std::size_t p) {
    IndexedBox box;
    const BoxPack& pack = boxes[p];
    for (std::size_t i = 0; i < kPackLanes; ++i) {
      box.include(IndexedBox{{pack.low[0][i], pack.low[1][i], pack.low[2][i]},
                             {pack.high[0][i], pack.high[1][i], pack.high[2][i]},
                             pack.lowest_index[i]});
    }
    return box;
  };
  pack_boxes(boxes.size(), box_of, out);
}

}  // namespace ptattn
