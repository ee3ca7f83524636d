#include "ptattn/models/ptv3/ptv3.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "expect_error.hpp"
#include "golden_case.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptv3_shapes.hpp"
#include "shuffled_orders.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

/// Three stages, a block or two in each; patches so small that clouds have many.
Ptv3Config small_config(Ptv3Mode mode) {
  Ptv3Config config;
  config.mode = mode;
  config.in_channels = 4;
  config.encoder = {{2, 12, 2, 16}, {1, 18, 3, 16}, {1, 24, 2, 8}};
  config.stride = {2, 2};
  config.decoder = {{1, 12, 1, 16}, {2, 12, 2, 16}};
  if (mode == Ptv3Mode::kLitept) {  // all four kinds of blocks, one after the other
    config.encoder[0].attention = config.encoder[2].convolution = false;
    config.decoder[0].convolution = config.decoder[0].attention = false;
  }
  return config;
}

Ptv3 network_of(const Ptv3Config& config, std::size_t classes = 5) {
  const FormulaWeights weights(ptv3_shapes(config, classes), "", "weights");
  return {config, std::make_shared<const Ptv3Weights>(read_ptv3_weights(config, weights))};
}

/// Voxels of a cloud, each once, with features.
struct Voxels {
  Matrix positions;
  Matrix features;
  std::vector<std::int32_t> grid;
  std::vector<std::size_t> ends;

  [[nodiscard]] PointInput input() const { return {positions, features, grid, ends, {}}; }
  [[nodiscard]] std::vector<Cell> cells() const {
    std::vector<Cell> result(grid.size() / 3);
    for (std::size_t i = 0; i < grid.size(); ++i) {
      result[i / 3][i % 3] = static_cast<std::uint32_t>(grid[i]);
    }
    return result;
  }
};

Voxels with_grid(std::vector<std::int32_t> grid, std::uint64_t seed) {
  Random random(seed);
  const std::size_t n = grid.size() / 3;
  Voxels voxels{Matrix(n, 3), Matrix(n, 4), std::move(grid), {}};
  for (std::size_t i = 0; i < 3 * n; ++i) {
    voxels.positions.data()[i] =
        0.1F * (static_cast<float>(voxels.grid[i]) + static_cast<float>(random.uniform()));
  }
  for (float& x : voxels.features.values()) x = static_cast<float>(2.0 * random.uniform() - 1.0);
  return voxels;
}

/// `n` different voxels of a cube of 16 a side, one of them in its last corner.
Voxels random_voxels(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::set<std::array<std::int32_t, 3>> seen = {{15, 15, 15}};
  std::vector<std::int32_t> grid = {15, 15, 15};
  while (seen.size() < n) {
    std::array<std::int32_t, 3> cell{};
    for (std::int32_t& x : cell) x = static_cast<std::int32_t>(random.below(16));
    if (seen.insert(cell).second) grid.insert(grid.end(), cell.begin(), cell.end());
  }
  return with_grid(std::move(grid), seed);
}

Voxels permuted(const Voxels& voxels, const std::vector<std::size_t>& rows) {
  Voxels result{Matrix(rows.size(), 3), Matrix(rows.size(), 4), {}, {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(voxels.positions.row(rows[i]), 3, result.positions.row(i));
    std::copy_n(voxels.features.row(rows[i]), 4, result.features.row(i));
    for (std::size_t a = 0; a < 3; ++a) result.grid.push_back(voxels.grid[3 * rows[i] + a]);
  }
  return result;
}

bool same_values(MatrixView a, MatrixView b) {
  bool same = a.rows == b.rows && a.cols == b.cols;
  for (std::size_t i = 0; same && i < a.rows; ++i)
    same = std::equal(a.row(i), a.row(i) + a.cols, b.row(i));
  return same;
}

bool is_finite(const Matrix& m) {
  return std::ranges::all_of(m.values(), [](float x) { return std::isfinite(x); });
}

constexpr Ptv3Mode kModes[] = {Ptv3Mode::kBase, Ptv3Mode::kSonata, Ptv3Mode::kUtonia,
                               Ptv3Mode::kLitept};

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

TEST(ptv3, a_decoder_of_other_patches_needs_them_to_come_out_even) {
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
  EXPECT_EQ(network_of(config).bytes_per_point(),
            (132 + 4 * 12 + 4 * 18 / 3 + (132 + 4 * 18) / 3 + 20) * 11 / 10U);
  Ptv3Config wide = config;
  wide.encoder[1].channels = 60;
  EXPECT_EQ(network_of(wide).bytes_per_point(),
            (132 + 4 * 12 + 4 * 60 / 3 + (132 + 4 * 60) / 3 + 20) * 11 / 10U);
}

TEST(ptv3, a_tile_with_the_cuts_of_its_scene_sees_what_the_whole_sees) {
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

TEST(ptv3, cuts_of_a_whole_change_nothing) {
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

TEST(ptv3, traces_every_module_and_tracing_changes_nothing) {
  const Ptv3 network = network_of(small_config(Ptv3Mode::kBase));
  const Voxels voxels = random_voxels(60, 1);
  std::vector<std::string> names;
  const Trace trace =
      Trace::of_values([&](std::string_view name, MatrixView values, MatrixView at) {
        names.emplace_back(name);
        EXPECT_EQ(values.rows, at.rows) << name;
        if (name == "embedding" || name.starts_with("dec.dec0")) {
          EXPECT_TRUE(same_values(at, voxels.positions)) << name;
        }
      });
  const Matrix scores = network.forward(voxels.input(), trace).values;
  EXPECT_TRUE(same_values(scores, network.forward(voxels.input(), {}).values));
  EXPECT_THAT(names,
              ElementsAre("embedding", "enc.enc0.block0", "enc.enc0.block1", "enc.enc1.down",
                          "enc.enc1.block0", "enc.enc2.down", "enc.enc2.block0", "dec.dec1.up",
                          "dec.dec1.block0", "dec.dec1.block1", "dec.dec0.up", "dec.dec0.block0"));
}

TEST(ptv3, progress_grows_to_all_of_the_pass_and_changes_nothing) {
  const Voxels voxels = random_voxels(300, 1);
  for (const Ptv3Mode mode : kModes) {
    const Ptv3 network = network_of(small_config(mode));
    std::vector<double> shares;
    const Trace trace = Trace().with_progress([&](double share) { shares.push_back(share); });
    EXPECT_FALSE(trace) << "nobody listens to values";
    const Matrix told = network.forward(voxels.input(), trace).values;
    EXPECT_GT(shares.size(), 3U);
    EXPECT_TRUE(std::ranges::is_sorted(shares));
    EXPECT_GT(shares.front(), 0.0);
    EXPECT_NEAR(shares.back(), 1.0, 1e-9);
    EXPECT_TRUE(same_values(told, network.forward(voxels.input(), {}).values));
  }
}

TEST(ptv3, attention_maps_cover_every_voxel_once_for_every_head) {
  for (const bool relative : {false, true}) {
    Ptv3Config config = small_config(Ptv3Mode::kUtonia);
    config.enable_rpe = relative;
    const Ptv3 network = network_of(config);
    const std::vector<AttentionLayer> layers = network.attention_layers();
    ASSERT_EQ(layers.size(), 7U);
    EXPECT_EQ(layers[1].name, "enc.enc0.block1.attn");
    EXPECT_EQ(layers[1].heads, 2U);
    EXPECT_EQ(layers.back().name, "dec.dec0.block0.attn");
    const Voxels voxels = random_voxels(40, 1);
    std::map<std::size_t, std::multiset<std::uint32_t>> queries;  // of each head
    const Trace trace = Trace::of_attention(layers[1].name, [&](const AttentionMap& map) {
      EXPECT_EQ(map.layer, layers[1].name);
      EXPECT_TRUE(same_values(map.tokens, voxels.positions));
      EXPECT_EQ(map.keys.size(), 16U);
      ASSERT_EQ(map.weights.rows, map.queries.size());
      ASSERT_EQ(map.weights.cols, map.keys.size());
      queries[map.head].insert(map.queries.begin(), map.queries.end());
      for (std::size_t i = 0; i < map.weights.rows; ++i) {
        float sum = 0.0F;
        for (std::size_t j = 0; j < map.weights.cols; ++j) sum += map.weights(i, j);
        EXPECT_NEAR(sum, 1.0F, 1e-5F);
      }
    });
    const Matrix traced = network.forward(voxels.input(), trace).values;
    EXPECT_TRUE(same_values(traced, network.forward(voxels.input(), {}).values));
    ASSERT_EQ(queries.size(), 2U);
    for (const auto& [head, rows] : queries) {
      EXPECT_EQ(rows.size(), 40U);
      EXPECT_EQ(std::set<std::uint32_t>(rows.begin(), rows.end()).size(), 40U);
    }
  }
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
