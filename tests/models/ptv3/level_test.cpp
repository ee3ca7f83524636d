#include "ptattn/models/ptv3/level.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ptattn/models/ptv3/patches.hpp"
#include "ptattn/models/ptv3/serialization.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// "begin owned end" of every patch.
std::vector<std::string> texts_of(std::span<const Patch> patches) {
  std::vector<std::string> texts;
  for (const Patch& p : patches) {
    texts.push_back(std::to_string(p.begin) + " " + std::to_string(p.first_own) + " " +
                    std::to_string(p.end));
  }
  return texts;
}

std::vector<std::string> patches(const std::vector<std::size_t>& ends, std::size_t size) {
  ScratchMemory scratch;
  return texts_of(cut_patches(ends, size, scratch));
}

/// A level in memory of `scratch`.
Ptv3Level level_of(std::span<const Cell> cells, std::span<const std::size_t> ends,
                   ScratchMemory& scratch) {
  const MutableMatrixView positions = scratch.matrix(cells.size(), 3);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (std::size_t a = 0; a < 3; ++a) positions(i, a) = static_cast<float>(cells[i][a]);
  }
  Ptv3Level level;
  level.cells = cells;
  level.ends = ends;
  level.positions = positions;
  return level;
}

TEST(cut_patches, the_last_patch_borrows_from_the_one_before) {
  EXPECT_THAT(patches({3}, 4), ElementsAre("0 0 3"));
  EXPECT_THAT(patches({4}, 4), ElementsAre("0 0 4"));
  EXPECT_THAT(patches({5}, 4), ElementsAre("0 0 4", "1 4 5"));
  EXPECT_THAT(patches({8}, 4), ElementsAre("0 0 4", "4 4 8"));
  EXPECT_THAT(patches({11}, 4), ElementsAre("0 0 4", "4 4 8", "7 8 11"));
  EXPECT_THAT(patches({2}, 1), ElementsAre("0 0 1", "1 1 2"));
}

TEST(cut_patches, no_patch_crosses_clouds) {
  EXPECT_THAT(patches({5, 5, 7, 12}, 4),
              ElementsAre("0 0 4", "1 4 5", "5 5 7", "7 7 11", "8 11 12"));
  EXPECT_THAT(patches({}, 4), IsEmpty());
  EXPECT_THAT(patches({0}, 4), IsEmpty());
}

TEST(patches_of_part, patches_are_those_of_the_whole_as_far_as_the_part_has_them) {
  // The whole has codes 0, 10, ..., 100: patches of 4 begin at 0, 40, 80, the last borrows 70.
  const PatchCuts::Order cuts{.begins = {0, 40, 80}, .padding_begin = 70};
  const auto texts = [&](const std::vector<std::uint64_t>& codes) {
    std::vector<Patch> memory(cuts.begins.size());
    return texts_of(patches_of_part(codes, cuts, memory));
  };
  EXPECT_THAT(texts({0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100}),
              ElementsAre("0 0 4", "4 4 8", "7 8 11"));
  EXPECT_THAT(texts({20, 30, 40, 50}), ElementsAre("0 0 2", "2 2 4"));
  EXPECT_THAT(texts({60, 90}), ElementsAre("0 0 1", "1 1 2"));  // nothing to borrow
  EXPECT_THAT(texts({60, 70, 90}), ElementsAre("0 0 2", "1 2 3"));
  EXPECT_THAT(texts({50}), ElementsAre("0 0 1"));
  EXPECT_THAT(texts({}), IsEmpty());
}

TEST(coarser, unites_cells_and_averages_positions) {
  ScratchMemory scratch;
  const std::vector<Cell> cells = {{0, 0, 0}, {1, 1, 1}, {2, 0, 0}, {0, 0, 1}};
  const std::vector<std::size_t> ends = {3, 3, 4};
  const Ptv3Level fine = level_of(cells, ends, scratch);
  const Ptv3Pooling pooling = pool(fine, 2, scratch);
  const Ptv3Level coarse = downsampled(fine, 2, pooling, scratch);
  EXPECT_THAT(coarse.cells, ElementsAre(Cell{0, 0, 0}, Cell{1, 0, 0}, Cell{0, 0, 0}));
  EXPECT_THAT(coarse.ends, ElementsAre(2U, 2U, 3U));
  EXPECT_THAT(pooling.begins, ElementsAre(0U, 2U, 3U, 4U));
  EXPECT_THAT(pooling.cells, ElementsAre(0U, 0U, 1U, 2U));
  EXPECT_EQ(coarse.positions(0, 2), 0.5F);
  EXPECT_EQ(coarse.positions(2, 2), 1.0F);
}

TEST(coarser, rows_follow_the_curve_for_strides_that_do_not) {
  // On the Z curve (2, 0, 0) comes behind (0, 0, 3), but cells / 3 must be sorted again.
  ScratchMemory scratch;
  const std::vector<Cell> cells = {{0, 0, 3}, {2, 0, 0}, {3, 0, 0}, {2, 0, 3}};
  const std::vector<std::size_t> ends = {4};
  const Ptv3Level fine = level_of(cells, ends, scratch);
  const Ptv3Pooling pooling = pool(fine, 3, scratch);
  const Ptv3Level coarse = downsampled(fine, 3, pooling, scratch);
  EXPECT_THAT(coarse.cells, ElementsAre(Cell{0, 0, 0}, Cell{0, 0, 1}, Cell{1, 0, 0}));
  EXPECT_THAT(pooling.members, ElementsAre(1U, 0U, 3U, 2U));
  EXPECT_THAT(pooling.cells, ElementsAre(1U, 0U, 2U, 1U));
}

TEST(curves_used, as_many_as_the_longer_row_of_blocks_goes_along) {
  Ptv3Config config;
  config.order = {Curve::kZTrans, Curve::kZ, Curve::kHilbert};
  config.encoder = {{1, 12, 2, 16}, {2, 24, 3, 16}};
  config.decoder = {{2, 12, 2, 16}};
  EXPECT_THAT(curves_used(config, 0), ElementsAre(Curve::kZTrans, Curve::kZ));
  EXPECT_THAT(curves_used(config, 1), ElementsAre(Curve::kZTrans, Curve::kZ));
  config.decoder[0].depth = 5;
  EXPECT_EQ(curves_used(config, 0).size(), 3U);
}

TEST(order_along, orders_go_along_the_curves_cloud_by_cloud) {
  ScratchMemory scratch;
  const std::vector<Cell> cells = {{0, 0, 0}, {0, 1, 0}, {1, 0, 0}, {0, 1, 0}, {1, 0, 0}};
  const std::vector<std::size_t> ends = {3, 5};
  Ptv3Level level = level_of(cells, ends, scratch);
  level.depth = 2;
  const std::vector<Curve> curves = {Curve::kZTrans, Curve::kZ};
  order_along(curves, level, scratch);
  ASSERT_EQ(level.orders.size(), 2U);
  EXPECT_THAT(level.orders[0], ElementsAre(0U, 2U, 1U, 4U, 3U));
  EXPECT_THAT(level.orders[1], ElementsAre(0U, 1U, 2U, 3U, 4U));
}

TEST(voxel_windows, do_not_reach_into_other_clouds) {
  ScratchMemory scratch;
  const std::vector<Cell> cells = {{0, 0, 0}, {0, 1, 0}, {1, 0, 0}, {0, 1, 0}, {1, 0, 0}};
  const std::vector<std::size_t> ends = {3, 5};
  const Ptv3Level level = level_of(cells, ends, scratch);
  const VoxelHash hash(level.cells, level.ends, scratch);
  const VoxelWindows windows(level, hash, 1);
  const KernelMap map(level.size(), 27, std::cref(windows), scratch);
  // (0, 0, 0) meets (1, 0, 0) at place x + 1 = 22, in its own cloud.
  const KernelMap::Pairs pairs = map.pairs(0, 22);
  ASSERT_EQ(pairs.inputs.size(), 1U);
  EXPECT_EQ(pairs.inputs[0], 2U);
  EXPECT_EQ(pairs.outputs[0], 0U);
}

TEST(serialization, depth_counts_the_bits_of_the_largest_coordinate_plus_one) {
  const auto depth = [](std::uint32_t x) {
    return serialization_depth(std::vector<Cell>{{0, x, 0}});
  };
  EXPECT_EQ(serialization_depth({}), 1);
  EXPECT_EQ(depth(0), 1);
  EXPECT_EQ(depth(1), 2);
  EXPECT_EQ(depth(6), 3);
  EXPECT_EQ(depth(7), 4);
  EXPECT_EQ(depth(65'534), kPtv3MaxDepth);
}

TEST(serialization, the_cloud_stands_above_the_place) {
  const std::vector<Cell> cells = {{1, 0, 0}, {0, 0, 1}};
  std::vector<std::uint64_t> codes(2);
  serialized_codes(Curve::kZ, cells, std::vector<std::size_t>{1, 2}, 2, codes);
  EXPECT_THAT(codes, ElementsAre(4U, (1U << 6U) + 1U));
}

}  // namespace
}  // namespace ptattn::test
