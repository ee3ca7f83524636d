#include "ptattn/tasks/segment/scene_tiles.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

/// Says how much memory it takes, and cuts patches that can be told from none.
class HungryNetwork final : public PointNetwork {
 public:
  [[nodiscard]] std::size_t in_channels() const override { return 1; }
  [[nodiscard]] std::size_t out_channels() const override { return 1; }
  [[nodiscard]] bool labels_points() const override { return true; }
  [[nodiscard]] std::size_t bytes_per_point() const override { return 100; }
  [[nodiscard]] PatchCuts cuts_of(std::span<const Cell> cells) const override {
    ++cuts;
    first_cell = cells.front();
    PatchCuts result;
    result.stages.emplace_back();
    return result;
  }
  [[nodiscard]] PointOutput forward(const PointInput& input, const Trace&) const override {
    return {Matrix(input.features.rows, 1), {}};
  }

  [[nodiscard]] std::size_t most_voxels() const override { return most; }
  [[nodiscard]] std::uint32_t cell_edge() const override { return edge; }

  std::size_t most = 1'000'000;
  std::uint32_t edge = 1;
  mutable std::size_t cuts = 0;
  mutable Cell first_cell{};
};

SceneProfile profile_of_heights() {
  SceneProfile profile;
  profile.voxel = 1.0;
  profile.channels = {{ChannelKind::kPosition, 0}};
  return profile;
}

/// About 30000 voxels, 300 by 100.
PreparedScene plain() {
  std::vector<Position> points;
  for (int i = 0; i < 300; ++i) {
    for (int j = 0; j < 100; ++j) points.push_back({i + 0.5, j + 0.5, 0.0});
  }
  return prepare_scene(cloud_of(points), profile_of_heights());
}

TEST(scene_tiles, a_scene_that_fits_is_shown_as_it_is) {
  const PreparedScene scene = plain();
  const HungryNetwork network;
  std::size_t tiles = 0;
  for_each_tile(scene, network, {}, {.category = 3}, [&](const SceneTile& tile) {
    ++tiles;
    EXPECT_TRUE(tile.is_whole());
    EXPECT_EQ(tile.size(), scene.size());
    EXPECT_EQ(tile.voxel(17), 17U);
    EXPECT_EQ(tile.input.features.data, scene.channels.data()) << "copied";
    EXPECT_EQ(tile.input.category, 3U);
    EXPECT_EQ(tile.input.cuts, nullptr);
    EXPECT_EQ(tile.core.high[0], 300U);
  });
  EXPECT_EQ(tiles, 1U);
  EXPECT_EQ(network.cuts, 0U);
}

TEST(scene_tiles, tiles_cover_all_voxels_and_know_the_patches_of_the_whole) {
  const PreparedScene scene = plain();
  const HungryNetwork network;
  std::vector<float> weights(scene.size(), 0.0F);
  const SceneTiles tiles(scene, network, {.max_tile_voxels = 12'000, .tile_margin = 16});
  std::size_t shown = 0;
  tiles.for_each_tile({}, [&](const SceneTile& tile) {
    ++shown;
    ASSERT_LE(tile.size(), 12'000U);
    EXPECT_NE(tile.input.cuts, nullptr);
    for (std::size_t i = 0; i < tile.size(); ++i) {
      const std::size_t v = tile.voxel(i);
      ASSERT_EQ(tile.input.features(i, 0), scene.channels(v, 0));
      ASSERT_EQ(tile.input.grid[3 * i], static_cast<std::int32_t>(scene.voxels.cells[v][0]));
      weights[v] += tile.weights[i];
    }
  });
  EXPECT_EQ(shown, tiles.size());
  EXPECT_GE(shown, 3U);
  EXPECT_EQ(network.cuts, 1U);
  EXPECT_TRUE(std::ranges::all_of(weights, [](float w) { return w > 0.0F; }));
}

TEST(scene_tiles, the_lower_of_two_limits_counts) {
  const PreparedScene scene = plain();
  const HungryNetwork network;
  const auto count = [&](std::size_t memory, std::size_t voxels) {
    return SceneTiles(scene, network, {.memory = memory, .max_tile_voxels = voxels}).size();
  };
  EXPECT_EQ(count(0, 0), 1U);
  EXPECT_EQ(count(100 * 30'000, 0), 1U);
  const std::size_t of_memory = count(100 * 29'999, 0);
  EXPECT_GE(of_memory, 2U);
  EXPECT_EQ(count(1, 0), count(100 * kFewestTileVoxels, 0)) << "smaller ones are mostly margin";
  EXPECT_EQ(count(100 * 29'999, 1'000'000), of_memory);
  EXPECT_GT(count(100 * 29'999, 12'000), of_memory);
}

TEST(scene_tiles, a_network_may_limit_the_voxels_of_a_tile) {
  const PreparedScene scene = plain();
  HungryNetwork network;
  network.most = 25'000;
  const SceneTiles tiles(scene, network, {});
  EXPECT_GE(tiles.size(), 2U);
  tiles.for_each_tile({}, [&](const SceneTile& tile) { EXPECT_LE(tile.size(), 25'000U); });
}

TEST(scene_tiles, tiles_do_not_cut_the_cells_of_a_network) {
  const PreparedScene scene = plain();
  HungryNetwork network;
  network.edge = 5;
  const SceneTiles tiles(scene, network, {.max_tile_voxels = 20'000, .tile_margin = 16});
  EXPECT_GE(tiles.size(), 2U);
  tiles.for_each_tile({}, [&](const SceneTile& tile) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      std::int32_t least = 300;
      std::int32_t behind = 0;
      for (std::size_t i = 0; i < tile.size(); ++i) {
        least = std::min(least, tile.input.grid[3 * i + axis]);
        behind = std::max(behind, tile.input.grid[3 * i + axis] + 1);
      }
      EXPECT_EQ(least % 5, 0);
      EXPECT_EQ(behind % 5, 0);  // so is the scene's edge
    }
  });
}

TEST(scene_tiles, turned_tiles_have_turned_cells_and_patches) {
  const PreparedScene scene = plain();
  const HungryNetwork network;
  const SceneTiles tiles(scene, network, {.max_tile_voxels = 12'000, .tile_margin = 16});
  SceneProfile profile = profile_of_heights();
  profile.channels = {};
  const GridTurn half(tiles.box(), profile, 2, tiles.alignment(), "model");
  tiles.for_each_tile({.turn = &half}, [&](const SceneTile& tile) {
    const Cell cell = half(scene.voxels.cells[tile.voxel(0)]);
    EXPECT_EQ(tile.input.grid[0], static_cast<std::int32_t>(cell[0]));
    EXPECT_EQ(tile.input.grid[1], static_cast<std::int32_t>(cell[1]));
  });
  EXPECT_EQ(network.first_cell, half(scene.voxels.cells.front()));
}

}  // namespace
}  // namespace ptattn::test
