#include "ptattn/tasks/scene/cell_groups.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using Numbers = std::array<double, 2>;

/// Cells of a block that reaches farther along each axis than along the one before, or of a level
/// one.
std::vector<Cell> random_cells(std::size_t n, bool level) {
  Random random(n);
  std::vector<Cell> cells(n);
  const auto below = [&](std::uint64_t limit) {
    return static_cast<std::uint32_t>(random.below(limit));
  };
  for (Cell& cell : cells) cell = {below(5), below(9), level ? 0 : 70'000 + below(17)};
  return cells;
}

TEST(cell_groups, gather_items_in_lexicographic_order_of_the_cells) {
  for (const bool level : {false, true}) {
    const std::vector<Cell> cells = random_cells(500, level);
    std::map<Cell, std::vector<std::uint32_t>> twin;
    for (std::uint32_t i = 0; i < cells.size(); ++i) twin[cells[i]].push_back(i);
    const CellGroups groups(cells);
    ASSERT_EQ(groups.size(), twin.size());
    std::size_t c = 0;
    for (const auto& [cell, items] : twin) {
      EXPECT_TRUE(std::ranges::equal(groups.items(c), items)) << "cell " << c;
      for (const std::uint32_t item : items) EXPECT_EQ(groups.cell_of(item), c);
      ++c;
    }
  }
}

TEST(cell_groups, sum_over_the_cells_around) {
  const std::vector<Cell> cells = random_cells(200, false);
  const CellGroups groups(cells);
  std::vector<Numbers> of_cell(groups.size());
  for (std::size_t c = 0; c < of_cell.size(); ++c) {
    of_cell[c] = {1.0, static_cast<double>(groups.items(c).size())};
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    double items = 0.0;
    for (const Cell& other : cells) {
      bool near = true;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        near = near && other[axis] + 1 >= cells[i][axis] && other[axis] <= cells[i][axis] + 1;
      }
      if (near) items += 1.0;
    }
    const Numbers sums = groups.sum_around<Numbers>(groups.cell_of(i), of_cell);
    EXPECT_EQ(sums[1], items);
    EXPECT_LE(sums[0], 27.0);
  }
}

TEST(cell_groups, are_the_same_for_any_number_of_threads) {
  const std::vector<Cell> cells = random_cells(100'000, false);
  const auto with = [&](int threads) {
    const ThreadLimit limit(threads);
    return CellGroups(cells).take_cell_of();
  };
  EXPECT_EQ(with(1), with(8));
}

TEST(cell_groups, of_nothing_and_of_one_item) {
  EXPECT_EQ(CellGroups({}).size(), 0U);
  const Cell corner{(1U << 21U) - 1, 0, (1U << 21U) - 1};
  const CellGroups one(std::vector<Cell>{corner});
  EXPECT_EQ(one.size(), 1U);
  const std::vector<Numbers> of_cell{{3.0, 4.0}};
  EXPECT_EQ(one.sum_around<Numbers>(0, of_cell), of_cell[0]);
}

}  // namespace
}  // namespace ptattn::test
