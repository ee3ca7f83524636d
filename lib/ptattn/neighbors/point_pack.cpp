#include "ptattn/neighbors/point_pack.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <tbb/parallel_invoke.h>

#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::size_t kPointGrain = 1 << 14;  // points worth a task of their own

struct IndexedPoint {
  std::array<float, 3> position;
  std::uint32_t index;
};

struct Box {
  std::array<float, 3> low{kInfinity, kInfinity, kInfinity};
  std::array<float, 3> high{-kInfinity, -kInfinity, -kInfinity};
  std::uint32_t lowest_index = kNoPoint;

  void include(const Box& other) {
    lowest_index = std::min(lowest_index, other.lowest_index);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], other.low[axis]);
      high[axis] = std::max(high[axis], other.high[axis]);
    }
  }
};

constexpr BoxPack kEmptyBoxes = [] {
  BoxPack pack{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    std::fill(pack.low[axis], pack.low[axis] + kPackLanes, kInfinity);
    std::fill(pack.high[axis], pack.high[axis] + kPackLanes, -kInfinity);
  }
  std::fill(pack.lowest_index, pack.lowest_index + kPackLanes, kNoPoint);
  return pack;
}();

std::vector<IndexedPoint> indexed_points(MatrixView points) {
  std::vector<IndexedPoint> items(points.rows);
  parallel_each(points.rows, kPointGrain, [&](std::size_t i) {
    const float* p = points.row(i);
    items[i] = {{p[0], p[1], p[2]}, static_cast<std::uint32_t>(i)};
  });
  return items;
}

std::size_t longest_axis(std::span<const IndexedPoint> items) {
  Box box;
  for (const IndexedPoint& item : items) box.include({item.position, item.position, item.index});
  std::size_t longest = 0;
  for (std::size_t axis = 1; axis < 3; ++axis) {
    // Halved, so that the extent of huge coordinates does not overflow.
    if (box.high[axis] / 2 - box.low[axis] / 2 > box.high[longest] / 2 - box.low[longest] / 2) {
      longest = axis;
    }
  }
  return longest;
}

void sort_in_kd_order(std::span<IndexedPoint> items, std::size_t block) {
  const std::size_t blocks = (items.size() + block - 1) / block;
  if (blocks <= 1) return;
  // A power of two to the left keeps every cell aligned to its own size.
  const std::size_t middle = std::bit_ceil(blocks) / 2 * block;
  const std::size_t axis = longest_axis(items);
  std::nth_element(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(middle), items.end(),
                   [axis](const IndexedPoint& a, const IndexedPoint& b) {
                     return a.position[axis] < b.position[axis];
                   });
  const auto left = items.first(middle);
  const auto right = items.subspan(middle);
  if (items.size() > kPointGrain) {
    tbb::parallel_invoke([&] { sort_in_kd_order(left, block); },
                         [&] { sort_in_kd_order(right, block); });
  } else {
    sort_in_kd_order(left, block);
    sort_in_kd_order(right, block);
  }
}

std::vector<PointPack> packed(std::span<const IndexedPoint> items) {
  std::vector<PointPack> packs(packs_for(items.size()));
  parallel_each(packs.size(), kPointGrain / kPackLanes, [&](std::size_t p) {
    PointPack& pack = packs[p];
    for (std::size_t lane = 0; lane < kPackLanes; ++lane) {
      const std::size_t i = p * kPackLanes + lane;
      const bool used = i < items.size();
      pack.x[lane] = used ? items[i].position[0] : kInfinity;
      pack.y[lane] = used ? items[i].position[1] : kInfinity;
      pack.z[lane] = used ? items[i].position[2] : kInfinity;
      pack.index[lane] = used ? items[i].index : kNoPoint;
    }
  });
  return packs;
}

/// Packs `count` boxes, each computed by `box_of(i)`.
template <class BoxOf>
std::vector<BoxPack> packed_boxes(std::size_t count, const BoxOf& box_of) {
  std::vector<BoxPack> packs(packs_for(count), kEmptyBoxes);
  parallel_each(packs.size(), 64, [&](std::size_t p) {
    const std::size_t end = std::min(count, (p + 1) * kPackLanes);
    for (std::size_t i = p * kPackLanes; i < end; ++i) {
      const Box box = box_of(i);
      for (std::size_t axis = 0; axis < 3; ++axis) {
        packs[p].low[axis][i % kPackLanes] = box.low[axis];
        packs[p].high[axis][i % kPackLanes] = box.high[axis];
      }
      packs[p].lowest_index[i % kPackLanes] = box.lowest_index;
    }
  });
  return packs;
}

}  // namespace

std::vector<PointPack> pack_points(MatrixView points) { return packed(indexed_points(points)); }

std::vector<PointPack> pack_in_kd_order(MatrixView points, std::size_t block) {
  std::vector<IndexedPoint> items = indexed_points(points);
  sort_in_kd_order(items, block);
  return packed(items);
}

std::vector<BoxPack> bounding_boxes(std::span<const PointPack> points, std::size_t block) {
  const std::size_t packs_per_block = block / kPackLanes;
  const std::size_t blocks = (points.size() + packs_per_block - 1) / packs_per_block;
  return packed_boxes(blocks, [&](std::size_t b) {
    Box box;
    const std::size_t end = std::min(points.size(), (b + 1) * packs_per_block);
    for (std::size_t p = b * packs_per_block; p < end; ++p) {
      for (std::size_t lane = 0; lane < kPackLanes; ++lane) {
        if (points[p].index[lane] == kNoPoint) break;
        const std::array<float, 3> at{points[p].x[lane], points[p].y[lane], points[p].z[lane]};
        box.include({at, at, points[p].index[lane]});
      }
    }
    return box;
  });
}

std::vector<BoxPack> bounding_boxes(std::span<const BoxPack> boxes) {
  return packed_boxes(boxes.size(), [&](std::size_t p) {
    Box box;
    const BoxPack& pack = boxes[p];
    for (std::size_t lane = 0; lane < kPackLanes; ++lane) {
      box.include({{pack.low[0][lane], pack.low[1][lane], pack.low[2][lane]},
                   {pack.high[0][lane], pack.high[1][lane], pack.high[2][lane]},
                   pack.lowest_index[lane]});
    }
    return box;
  });
}

}  // namespace ptattn
