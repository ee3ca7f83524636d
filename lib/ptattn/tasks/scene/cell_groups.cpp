#include "ptattn/tasks/scene/cell_groups.hpp"

#include <algorithm>
#include <bit>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/raw_vector.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kItemsPerTask = 4096;

/// Keys in the lexicographic order of the cells, of as few bits as their extent needs.
RawVector<std::uint64_t> keys_of(std::span<const Cell> cells) {
  const Cell largest = largest_of(cells.size(), Cell{}, [&](std::size_t i) { return cells[i]; });
  const auto z_bits = static_cast<unsigned>(std::bit_width(largest[2]));
  const auto yz_bits = z_bits + static_cast<unsigned>(std::bit_width(largest[1]));
  RawVector<std::uint64_t> keys(cells.size());
  parallel_each(cells.size(), kItemsPerTask, [&](std::size_t i) {
    const auto [x, y, z] = cells[i];
    keys[i] = (std::uint64_t{x} << yz_bits) | (std::uint64_t{y} << z_bits) | z;
  });
  return keys;
}

}  // namespace

CellGroups::CellGroups(std::span<const Cell> cell_of_item)
    : groups_(group_order(keys_of(cell_of_item))),
      cells_(groups_.size()),
      cell_of_(cell_of_item.size()) {
  group_of_items(groups_.items, groups_.begins, cell_of_);
  parallel_each(cells_.size(), kItemsPerTask,
                [&](std::size_t cell) { cells_[cell] = cell_of_item[items(cell).front()]; });
  const std::array ends{cells_.size()};
  hash_.emplace(cells_, ends);
}

}  // namespace ptattn
