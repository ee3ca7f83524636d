#include "ptattn/neighbors/voxel_hash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

constexpr std::uint32_t kNone = kNoIndex;

std::vector<Cell> random_cells(std::size_t n, std::uint64_t side, std::uint64_t seed) {
  Random random(seed);
  std::vector<Cell> cells(n);
  for (Cell& cell : cells) {
    for (std::uint32_t& x : cell) x = static_cast<std::uint32_t>(random.below(side));
  }
  return cells;
}

/// Looks the window up place by place.
std::vector<std::uint32_t> window_of(
    const std::map<std::pair<std::size_t, Cell>, std::uint32_t>& rows, std::size_t cloud,
    const Cell& cell, int radius) {
  std::vector<std::uint32_t> window;
  for (int dx = -radius; dx <= radius; ++dx) {
    for (int dy = -radius; dy <= radius; ++dy) {
      for (int dz = -radius; dz <= radius; ++dz) {
        // Places below zero wrap around to coordinates that no voxel has.
        const auto found = rows.find(
            {cloud,
             {cell[0] + static_cast<std::uint32_t>(dx), cell[1] + static_cast<std::uint32_t>(dy),
              cell[2] + static_cast<std::uint32_t>(dz)}});
        window.push_back(found == rows.end() ? kNone : found->second);
      }
    }
  }
  return window;
}

TEST(voxel_hash, by_hand) {
  const std::vector<Cell> cells = {{0, 0, 0}, {0, 0, 1}, {4, 0, 0}, {0, 0, 0}};
  const VoxelHash hash(cells, std::vector<std::size_t>{3, 4});
  EXPECT_EQ(hash.find(0, {0, 0, 1}), 1U);
  EXPECT_EQ(hash.find(0, {4, 0, 0}), 2U);
  EXPECT_EQ(hash.find(1, {0, 0, 0}), 3U);
  EXPECT_EQ(hash.find(1, {0, 0, 1}), kNone);
  EXPECT_EQ(hash.find(0, {4, 0, 1}), kNone);
  EXPECT_EQ(hash.find(0, {4'000'000'000, 0, 0}), kNone);
  std::vector<std::uint32_t> window(27);
  VoxelHash::Cursor(hash).window(0, {0, 0, 0}, 1, window);
  std::vector<std::uint32_t> expected(27, kNone);
  expected[13] = 0;
  expected[14] = 1;  // one step along z
  EXPECT_EQ(window, expected);
}

TEST(voxel_hash, windows_agree_with_a_map) {
  for (const std::uint64_t side : {6U, 40U, 65'536U}) {
    const std::vector<Cell> cells = random_cells(3000, side, side);
    const std::vector<std::size_t> ends = {700, 700, 3000};
    std::map<std::pair<std::size_t, Cell>, std::uint32_t> rows;
    for (std::uint32_t i = 0; i < cells.size(); ++i)
      rows.try_emplace({i < 700 ? 0 : 2, cells[i]}, i);
    const VoxelHash hash(cells, ends);
    VoxelHash::Cursor cursor(hash);
    for (std::uint32_t i = 0; i < cells.size(); i += 13) {
      for (const int radius : {0, 1, 2, 4}) {
        const std::size_t cloud = i % 3;
        const auto width = static_cast<std::size_t>(2 * radius + 1);
        std::vector<std::uint32_t> window(width * width * width);
        VoxelHash::Cursor(hash).window(cloud, cells[i], radius, window);
        const std::vector<std::uint32_t> expected = window_of(rows, cloud, cells[i], radius);
        ASSERT_EQ(window, expected) << side << " " << i;
        cursor.window(cloud, cells[i], radius, window);  // goes on from the cell before
        ASSERT_EQ(window, expected) << side << " " << i;
      }
    }
  }
}

TEST(voxel_hash, a_cursor_goes_from_cell_to_cell_and_from_cloud_to_cloud) {
  const std::vector<Cell> cells = {{1, 1, 1}, {2, 1, 1}, {9, 9, 9}, {1, 1, 1}};
  const VoxelHash hash(cells, std::vector<std::size_t>{3, 4});
  VoxelHash::Cursor cursor(hash);
  std::vector<std::uint32_t> window(27);
  const auto row_at = [&](std::size_t cloud, const Cell& cell, std::size_t place) {
    cursor.window(cloud, cell, 1, window);
    return window[place];
  };
  EXPECT_EQ(row_at(0, {1, 1, 1}, 13), 0U);
  EXPECT_EQ(row_at(0, {1, 1, 1}, 22), 1U);  // one step along x
  EXPECT_EQ(row_at(0, {2, 1, 1}, 4), 0U);   // and back, in the same block
  EXPECT_EQ(row_at(1, {1, 1, 1}, 13), 3U);  // the same block of another cloud
  EXPECT_EQ(row_at(1, {1, 1, 1}, 22), kNone);
  EXPECT_EQ(row_at(0, {9, 9, 9}, 13), 2U);
}

TEST(voxel_hash, a_cell_that_occurs_again_stands_for_its_first_row) {
  const std::vector<Cell> cells(5, {3, 2, 1});
  EXPECT_EQ(VoxelHash(cells, std::vector<std::size_t>{5}).find(0, {3, 2, 1}), 0U);
}

TEST(voxel_hash, may_be_empty) {
  const VoxelHash hash({}, {});
  EXPECT_EQ(hash.find(0, {0, 0, 0}), kNone);
}

TEST(voxel_hash, the_first_row_of_a_cell_counts_for_any_thread_count) {
  std::vector<Cell> cells;  // blocks come and go, cells come again
  for (std::uint32_t i = 0; i < 50'000; ++i) cells.push_back({i * 7919 % 23, i % 5, i / 3 % 11});
  std::map<Cell, std::uint32_t> first;
  for (std::uint32_t i = 0; i < cells.size(); ++i) first.emplace(cells[i], i);
  const std::vector<std::size_t> ends = {cells.size()};
  for (const int threads : {1, 8}) {
    const ThreadLimit limit(threads);
    ScratchMemory scratch;
    const VoxelHash in_scratch(cells, ends, scratch);
    const VoxelHash in_its_own(cells, ends);
    for (const auto& [cell, row] : first) {
      EXPECT_EQ(in_scratch.find(0, cell), row);
      EXPECT_EQ(in_its_own.find(0, cell), row);
    }
  }
}

TEST(voxel_hash, refuses_a_grid_that_does_not_fit_its_keys) {
  const std::vector<Cell> cells = {{0xfffffff0U, 0, 0}};
  try {
    const VoxelHash hash(cells, std::vector<std::size_t>{1});
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& e) {
    EXPECT_EQ(e.fault(), Fault::kUsage);
  }
}

}  // namespace
}  // namespace ptattn::test
