#include "ptattn/neighbors/kd_order.hpp"

#include <algorithm>
#include <bit>
#include <span>

#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kTaskPoints = 1 << 14;  // points worth a task of their own

std::size_t longest_axis(std::span<const IndexedPoint> items) {
  IndexedBox box;
  for (const IndexedPoint& item : items) box.include(item);
  std::size_t longest = 0;
  for (std::size_t axis = 1; axis < 3; ++axis) {
    // Halved, so that the extent of huge coordinates does not overflow.
    if (box.high[axis] / 2 - box.low[axis] / 2 > box.high[longest] / 2 - box.low[longest] / 2) {
      longest = axis;
    }
  }
  return longest;
}

/// A guess at the coordinate of rank `middle`, from an evenly spaced sample.
float pivot_near(std::span<const IndexedPoint> items, std::size_t middle, std::size_t axis) {
  constexpr std::size_t kMaxSample = 64;
  std::array<float, kMaxSample> sample;
  const std::size_t size = std::min(kMaxSample, items.size() / 8);
  const std::size_t step = items.size() / size;
  for (std::size_t i = 0; i < size; ++i) sample[i] = items[i * step].position[axis];
  const std::size_t rank = middle * size / items.size();
  std::nth_element(sample.begin(), sample.begin() + rank, sample.begin() + size);
  return sample[rank];
}

/// Moves the items that `belongs_left` accepts to the front and returns their number. Every item is
/// swapped whether it has to be or not: a branch would be mispredicted half of the time.
template <class BelongsLeft>
std::size_t partition(std::span<IndexedPoint> items, const BelongsLeft& belongs_left) {
  std::size_t left = 0;
  for (IndexedPoint& slot : items) {
    const IndexedPoint item = slot;
    slot = items[left];
    items[left] = item;
    left += belongs_left(item) ? 1 : 0;
  }
  return left;
}

/// std::nth_element along one axis, half the time on large clouds: see pivot_near and partition.
void select_nth(std::span<IndexedPoint> items, std::size_t middle, std::size_t axis) {
  constexpr std::size_t kSmall = 32;
  // Halving takes about ten rounds a thousandfold; hostile orders are left to introselect.
  for (int rounds = 64; rounds > 0 && items.size() > kSmall; --rounds) {
    const float pivot = pivot_near(items, middle, axis);
    std::size_t left =
        partition(items, [=](const IndexedPoint& item) { return item.position[axis] < pivot; });
    if (left == 0) {  // the pivot is the minimum: split its equals off, so that there is progress
      left =
          partition(items, [=](const IndexedPoint& item) { return item.position[axis] <= pivot; });
      if (middle < left) return;
    }
    if (middle < left) {
      items = items.first(left);
    } else {
      items = items.subspan(left);
      middle -= left;
    }
  }
  std::nth_element(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(middle), items.end(),
                   [axis](const IndexedPoint& a, const IndexedPoint& b) {
                     return a.position[axis] < b.position[axis];
                   });
}

void sort_in_kd_order(std::span<IndexedPoint> items, std::size_t block) {
  const std::size_t blocks = (items.size() + block - 1) / block;
  if (blocks <= 1) return;
  // A power of two to the left keeps every cell aligned to its own size.
  const std::size_t middle = std::bit_ceil(blocks) / 2 * block;
  select_nth(items, middle, longest_axis(items));
  const auto left = items.first(middle);
  const auto right = items.subspan(middle);
  if (items.size() > kTaskPoints) {
    parallel_both([&] { sort_in_kd_order(left, block); }, [&] { sort_in_kd_order(right, block); });
  } else {
    sort_in_kd_order(left, block);
    sort_in_kd_order(right, block);
  }
}

}  // namespace

void in_kd_order(MatrixView points, std::size_t block, std::span<IndexedPoint> items) {
  parallel_each(points.rows, kTaskPoints, [&](std::size_t i) {
    const float* p = points.row(i);
    items[i] = {{p[0], p[1], p[2]}, static_cast<std::uint32_t>(i)};
  });
  sort_in_kd_order(items, block);
}

}  // namespace ptattn
