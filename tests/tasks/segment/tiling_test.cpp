#include "ptattn/tasks/segment/tiling.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace ptattn::test {
namespace {

/// A floor of `height` x `width` voxels, in lexicographic order.
std::vector<Cell> floor_cells(std::uint32_t height, std::uint32_t width) {
  std::vector<Cell> cells;
  for (std::uint32_t i = 0; i < height; ++i) {
    for (std::uint32_t j = 0; j < width; ++j) cells.push_back({i, j, (i + j) % 3});
  }
  return cells;
}

TEST(tiling, a_scene_that_fits_is_one_tile_of_full_weight) {
  const std::vector<Cell> cells = floor_cells(40, 30);
  const TilingOptions options{.max_tile_voxels = cells.size(), .tile_margin = 8};
  const auto boxes = cut_tiles(cells, options);
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_EQ(boxes[0], (TileBox{{0, 0}, {40, 30}}));
  const TileVoxels tile = make_tile(cells, boxes[0], bounding_box(cells), options);
  EXPECT_EQ(tile.voxels.size(), cells.size());
  EXPECT_TRUE(std::ranges::all_of(tile.weights, [](float w) { return w == 1.0F; }));
}

TEST(tiling, boxes_cover_every_voxel_once_and_tiles_keep_to_the_limit) {
  const std::vector<Cell> cells = floor_cells(300, 170);
  const TilingOptions options{.max_tile_voxels = 9000, .tile_margin = 20, .alignment = 16};
  const auto boxes = cut_tiles(cells, options);
  EXPECT_GT(boxes.size(), 5U);
  std::vector<int> owners(cells.size(), 0);
  std::vector<float> total(cells.size(), 0.0F);
  const TileBox scene = bounding_box(cells);
  for (const TileBox& box : boxes) {
    EXPECT_EQ(box.low[0] % 16, 0U);
    EXPECT_EQ(box.low[1] % 16, 0U);
    const TileVoxels tile = make_tile(cells, box, scene, options);
    EXPECT_LE(tile.voxels.size(), options.max_tile_voxels);
    EXPECT_TRUE(std::ranges::is_sorted(tile.voxels));
    for (std::size_t v = 0; v < tile.voxels.size(); ++v) {
      const Cell& cell = cells[tile.voxels[v]];
      EXPECT_GE(cell[0] + options.tile_margin, box.low[0]);
      EXPECT_LT(cell[1], box.high[1] + options.tile_margin);
      EXPECT_GT(tile.weights[v], 0.0F);
      total[tile.voxels[v]] += tile.weights[v];
    }
    for (std::size_t v = 0; v < cells.size(); ++v) {
      owners[v] += static_cast<int>(cells[v][0] >= box.low[0] && cells[v][0] < box.high[0] &&
                                    cells[v][1] >= box.low[1] && cells[v][1] < box.high[1]);
    }
  }
  EXPECT_TRUE(std::ranges::all_of(owners, [](int n) { return n == 1; }));
  EXPECT_GE(*std::ranges::min_element(total), 0.25F);
}

TEST(tiling, weights_rise_from_0_over_a_half_at_the_border_to_1) {
  const std::vector<Cell> cells = floor_cells(64, 1);
  const TilingOptions options{.max_tile_voxels = 60, .tile_margin = 8, .alignment = 16};
  const TileBox box{{32, 0}, {64, 1}};
  const TileVoxels tile = make_tile(cells, box, bounding_box(cells), options);
  ASSERT_EQ(tile.voxels.front(), 24U);
  const auto weight = [&](std::uint32_t row) { return tile.weights[row - 24]; };
  EXPECT_FLOAT_EQ(weight(24), 0.5F / 16.0F);
  EXPECT_FLOAT_EQ(weight(31), 7.5F / 16.0F);
  EXPECT_FLOAT_EQ(weight(32), 8.5F / 16.0F);
  EXPECT_FLOAT_EQ(weight(40), 1.0F);
  EXPECT_FLOAT_EQ(weight(63), 1.0F);  // the scene ends here: no neighbour to blend with
}

TEST(tiling, beyond_the_blend_the_margin_is_context_only) {
  const std::vector<Cell> cells = floor_cells(64, 1);
  const TilingOptions options{
      .max_tile_voxels = 60, .tile_margin = 16, .blend = 4, .alignment = 16};
  const TileVoxels tile = make_tile(cells, {{32, 0}, {64, 1}}, bounding_box(cells), options);
  ASSERT_EQ(tile.voxels.front(), 16U);
  const auto weight = [&](std::uint32_t row) { return tile.weights[row - 16]; };
  EXPECT_EQ(weight(16), 0.0F);
  EXPECT_EQ(weight(27), 0.0F);
  EXPECT_FLOAT_EQ(weight(28), 0.5F / 8.0F);
  EXPECT_FLOAT_EQ(weight(35), 7.5F / 8.0F);
  EXPECT_EQ(weight(36), 1.0F);
}

TEST(tiling, a_tower_that_no_cut_can_split_is_one_tile) {
  std::vector<Cell> cells;
  for (std::uint32_t k = 0; k < 100; ++k) cells.push_back({3, 4, k});
  const auto boxes = cut_tiles(cells, {.max_tile_voxels = 10, .tile_margin = 4});
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_TRUE(cut_tiles({}, {.max_tile_voxels = 10}).empty());
}

}  // namespace
}  // namespace ptattn::test
