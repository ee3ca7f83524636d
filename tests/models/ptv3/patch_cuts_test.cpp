#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "expect_error.hpp"
#include "small_ptv3.hpp"

namespace ptattn::test {
namespace {

TEST(patch_cuts, a_decoder_of_other_patches_needs_them_to_come_out_even) {
  Ptv3Config config = small_config(Ptv3Mode::kBase);
  config.decoder[0].patch_size = 6;
  const Ptv3 network = network_of(config);
  EXPECT_TRUE(is_finite(network.forward(random_voxels(90, 1).input(), {}).values));  // 96 places
  expect_error(Fault::kModel, [&] { (void)network.forward(random_voxels(100, 1).input(), {}); },
               {"patches of 6 voxels in stage 0 of its decoder", "into which 112 voxels"});
  EXPECT_TRUE(network.cuts_of(std::vector<Cell>{{0, 0, 0}}).stages.empty());
  // Larger ones are the encoder's, as with flash attention.
  config.decoder[0].patch_size = 40;
  EXPECT_TRUE(same_values(
      network_of(config).forward(random_voxels(100, 1).input(), {}).values,
      network_of(small_config(Ptv3Mode::kBase)).forward(random_voxels(100, 1).input(), {}).values));
}

TEST(patch_cuts, a_tile_with_the_cuts_of_its_scene_sees_what_the_whole_sees) {
  // A strip 2000 voxels long: what is 500 from both ends of a tile cannot see beyond it.
  std::vector<std::int32_t> grid;
  for (std::int32_t x = 0; x < 2000; ++x) grid.insert(grid.end(), {x, x % 7 % 3, x % 5 % 2});
  const Voxels scene = with_grid(grid, 1);
  const std::size_t first = 336;
  std::vector<std::size_t> rows(1500);
  std::iota(rows.begin(), rows.end(), first);
  const Voxels tile = permuted(scene, rows);
  const std::vector<Cell> cells = scene.cells();
  for (const Ptv3Mode mode : kModes) {
    const Ptv3 network = network_of(small_config(mode));
    const PatchCuts cuts = network.cuts_of(cells);
    const Matrix whole = network.forward(scene.input(), {}).values;
    const auto difference = [&](const PatchCuts* of_scene) {
      PointInput input = tile.input();
      input.cuts = of_scene;
      const Matrix part = network.forward(input, {}).values;
      float largest = 0.0F;
      for (std::size_t i = 500; i < 1000; ++i) {
        for (std::size_t c = 0; c < 5; ++c) {
          largest = std::max(largest, std::abs(part(i, c) - whole(first + i, c)));
        }
      }
      return largest;
    };
    // The angles of Utonia are rounded differently from another origin.
    EXPECT_LE(difference(&cuts), has_rotary_encoding(mode) ? 1e-4F : 0.0F);
    EXPECT_GT(difference(nullptr), 1e-2F);
  }
}

TEST(patch_cuts, cuts_of_a_whole_change_nothing) {
  for (const Ptv3Mode mode : kModes) {
    Ptv3Config config = small_config(mode);
    config.stride = {2, mode == Ptv3Mode::kBase ? 4U : 3U};
    const Ptv3 network = network_of(config);
    for (const std::size_t n : {5U, 16U, 333U}) {
      const Voxels voxels = random_voxels(n, n);
      const PatchCuts cuts = network.cuts_of(voxels.cells());
      PointInput input = voxels.input();
      const Matrix scores = network.forward(input, {}).values;
      input.cuts = &cuts;
      EXPECT_TRUE(same_values(network.forward(input, {}).values, scores));
    }
  }
}

}  // namespace
}  // namespace ptattn::test
