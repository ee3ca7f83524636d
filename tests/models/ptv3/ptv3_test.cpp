#include "ptattn/models/ptv3/ptv3.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_error.hpp"
#include "golden_case.hpp"
#include "ptattn/core/parallel.hpp"
#include "shuffled_orders.hpp"
#include "small_ptv3.hpp"

namespace ptattn::test {
namespace {

class Ptv3Golden : public testing::TestWithParam<const char*> {};

TEST_P(Ptv3Golden, agrees_with_the_published_implementation) {
  const GoldenCase golden =
      read_golden_case(std::string(PTATTN_TEST_DIR "/golden/") + GetParam() + ".json");
  const ExplainedNetwork explained = make_explained_network(golden);
  for (const Comparison& c : compare(*explained.network, golden.data)) {
    EXPECT_TRUE(c.compared) << c.name << ": " << c.note;
    EXPECT_LT(c.relative, 1e-5) << c.name;
  }
}

INSTANTIATE_TEST_SUITE_P(cases, Ptv3Golden,
                         testing::Values("ptv3_batch2_seg", "ptv3_fewer_points_than_patch",
                                         "ptv3_rpe_seg", "sonata_small_seg", "utonia_tiny_enc"));

/// Hyper-parameters that no published network has, against a step-by-step twin in PyTorch
/// (scripts/train/ptv3_plain.py).
INSTANTIATE_TEST_SUITE_P(
    odd_cases, Ptv3Golden,
    testing::Values("ptv3_odd/two_orders", "ptv3_odd/one_order", "ptv3_odd/stride4",
                    "ptv3_odd/stride_beyond_depth", "ptv3_odd/qk_scale", "ptv3_odd/layer_scale",
                    "ptv3_odd/rpe_batch", "ptv3_odd/batch_of_small", "ptv3_odd/no_blocks",
                    "ptv3_odd/deep_decoder", "ptv3_odd/dec_patches", "ptv3_odd/dec_patches_across",
                    "ptv3_odd/dec_patches_larger", "ptv3_odd/dec_patches_alone",
                    "ptv3_odd/dec_patches_batch", "ptv3_odd/m3_dec_patches", "ptv3_odd/cls_mode",
                    "ptv3_odd/one_voxel", "ptv3_odd/m2_stride3", "ptv3_odd/m2_rpe",
                    "ptv3_odd/m2_enc", "ptv3_odd/m3_seg", "ptv3_odd/m3_batch"));

TEST(ptv3, permuting_the_voxels_permutes_the_rows) {
  for (const Ptv3Mode mode : kModes) {
    const Ptv3 network = network_of(small_config(mode));
    const Voxels voxels = random_voxels(150, 1);
    std::vector<std::size_t> rows(150);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i * 7 % rows.size();
    const Matrix scores = network.forward(voxels.input(), {}).values;
    const Matrix shuffled = network.forward(permuted(voxels, rows).input(), {}).values;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_TRUE(
          same_values(shuffled.view().rows_range(i, 1), scores.view().rows_range(rows[i], 1)));
    }
  }
}

TEST(ptv3, clouds_of_a_batch_do_not_see_each_other) {
  for (const Ptv3Mode mode : kModes) {
    const Ptv3 network = network_of(small_config(mode));
    const Voxels a = random_voxels(100, 1);
    const Voxels b = random_voxels(9, 2);
    Voxels both{Matrix(109, 3), Matrix(109, 4), a.grid, {100, 100, 109}};
    both.grid.insert(both.grid.end(), b.grid.begin(), b.grid.end());
    const auto join = [](const Matrix& first, const Matrix& second, Matrix& out) {
      std::ranges::copy(first.values(), out.data());
      std::ranges::copy(second.values(), out.data() + first.size());
    };
    join(a.positions, b.positions, both.positions);
    join(a.features, b.features, both.features);
    const Matrix scores = network.forward(both.input(), {}).values;
    const Matrix scores_a = network.forward(a.input(), {}).values;
    const Matrix scores_b = network.forward(b.input(), {}).values;
    const MatrixView parts[] = {scores.view().rows_range(0, 100), scores.view().rows_range(100, 9)};
    if (has_rotary_encoding(mode)) {  // angles are rounded differently from another origin
      for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(parts[1](8, j), scores_b(8, j), 1e-4);
    } else {
      EXPECT_TRUE(same_values(parts[0], scores_a));
      EXPECT_TRUE(same_values(parts[1], scores_b));
    }
  }
}

TEST(ptv3, same_bytes_for_any_thread_count) {
  for (const Ptv3Mode mode : kModes) {
    Ptv3Config config = small_config(mode);
    config.enable_rpe = true;
    const Ptv3 network = network_of(config);
    const Voxels voxels = random_voxels(700, 3);
    const auto with_threads = [&](int threads) {
      const ThreadLimit limit(threads);
      return network.forward(voxels.input(), {}).values;
    };
    EXPECT_TRUE(same_values(with_threads(1), with_threads(8)));
  }
}

TEST(ptv3, any_number_of_voxels) {
  for (const Ptv3Mode mode : kModes) {
    const Ptv3 network = network_of(small_config(mode));
    for (const std::size_t n : {1U, 2U, 15U, 16U, 17U, 31U, 32U, 33U, 100U}) {
      const PointOutput output = network.forward(random_voxels(n, n).input(), {});
      EXPECT_EQ(output.values.rows(), n);
      EXPECT_TRUE(is_finite(output.values));
      EXPECT_EQ(output.positions.rows(), 0U);
    }
    EXPECT_EQ(network.forward(with_grid({}, 1).input(), {}).values.rows(), 0U);
  }
}

TEST(ptv3, voxels_that_occur_again_give_finite_scores) {
  for (const Ptv3Mode mode : kModes) {
    std::vector<std::int32_t> grid(150, 3);
    grid[0] = 65'534;  // the farthest cell there is
    EXPECT_TRUE(
        is_finite(network_of(small_config(mode)).forward(with_grid(grid, 1).input(), {}).values));
  }
}

TEST(ptv3, other_strides_and_orders) {
  Ptv3Config config = small_config(Ptv3Mode::kSonata);
  config.stride = {3, 4};
  config.order = {Curve::kHilbertTrans};
  EXPECT_TRUE(is_finite(network_of(config).forward(random_voxels(200, 1).input(), {}).values));
  config.mode = Ptv3Mode::kBase;
  config.stride = {4, 1};
  EXPECT_TRUE(is_finite(network_of(config).forward(random_voxels(200, 1).input(), {}).values));
}

TEST(ptv3, an_encoder_alone_gives_features_of_the_coarsest_voxels) {
  Ptv3Config config = small_config(Ptv3Mode::kSonata);
  config.enc_mode = true;
  config.decoder.clear();
  const Ptv3 network = network_of(config, 0);
  EXPECT_FALSE(network.labels_points());
  EXPECT_EQ(network.out_channels(), 24U);
  // Cells of 4 x 4 x 4 voxels in the order of x, y, z; the first holds two.
  const Voxels voxels = with_grid({5, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 0}, 1);
  const PointOutput output = network.forward(voxels.input(), {});
  ASSERT_EQ(output.positions.rows(), 3U);
  EXPECT_EQ(output.values.cols(), 24U);
  for (std::size_t a = 0; a < 3; ++a) {
    const float mean = 0.5F * (voxels.positions(2, a) + voxels.positions(3, a));
    EXPECT_FLOAT_EQ(output.positions(0, a), mean);
    EXPECT_EQ(output.positions(1, a), voxels.positions(1, a));
    EXPECT_EQ(output.positions(2, a), voxels.positions(0, a));
  }
}

TEST(ptv3, a_network_without_head_gives_features_of_every_voxel) {
  const Ptv3 network = network_of(small_config(Ptv3Mode::kBase), 0);
  EXPECT_FALSE(network.labels_points());
  EXPECT_EQ(network.out_channels(), 12U);
  EXPECT_EQ(network.forward(random_voxels(20, 1).input(), {}).values.cols(), 12U);
}

TEST(ptv3, memory_grows_with_the_widest_channels) {
  const Ptv3Config config = small_config(Ptv3Mode::kBase);
  const auto expected = [](std::size_t second) {
    const std::size_t sixteenths =
        16 * (132 + 4 * 12) + 14 * (132 + 4 * second) + 10 * (132 + 4 * 24);
    return sixteenths / 16 + 4 * second * 14 / 16 + (4 * 4 + 55) + 20;
  };
  EXPECT_EQ(network_of(config).bytes_per_point(), expected(18));
  Ptv3Config wide = config;
  wide.encoder[1].channels = 60;
  EXPECT_EQ(network_of(wide).bytes_per_point(), expected(60));
}

TEST(ptv3, refuses_inputs_that_do_not_fit) {
  const Ptv3 network = network_of(small_config(Ptv3Mode::kBase));
  const auto expect_refused = [&](const PointInput& input, const std::string& problem) {
    expect_error(Fault::kUsage, [&] { (void)network.forward(input, {}); }, {problem});
  };
  const Voxels voxels = random_voxels(10, 1);
  PointInput input = voxels.input();
  input.features.cols = 3;
  expect_refused(input, "10 rows of 4");
  input = voxels.input();
  input.positions.cols = 2;
  expect_refused(input, "2 coordinates");
  input = voxels.input();
  input.grid = {};
  expect_refused(input, "0 grid coordinates for 10 voxels");
  for (const std::int32_t cell : {-1, 65'535}) {
    Voxels outside = random_voxels(10, 1);
    outside.grid[4] = cell;
    expect_refused(outside.input(), "expected 0 to 65534");
  }
  for (const auto& ends : {std::vector<std::size_t>{5, 4, 10}, {5, 11}, {5}}) {
    input = voxels.input();
    input.ends = ends;
    expect_refused(input, "do not ascend");
  }
  PatchCuts cuts = network.cuts_of(std::vector<Cell>{{0, 0, 0}});
  const std::vector<std::size_t> two_clouds = {5, 10};
  input = voxels.input();
  input.cuts = &cuts;
  input.ends = two_clouds;
  expect_refused(input, "a tile of 2 clouds");
  cuts.stages.pop_back();
  input.ends = {};
  expect_refused(input, "patches of another network");
}

}  // namespace
}  // namespace ptattn::test
