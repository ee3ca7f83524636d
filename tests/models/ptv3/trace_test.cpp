#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "small_ptv3.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

TEST(trace_of_ptv3, traces_every_module_and_tracing_changes_nothing) {
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

TEST(trace_of_ptv3, progress_grows_to_all_of_the_pass_and_changes_nothing) {
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

TEST(trace_of_ptv3, attention_maps_cover_every_voxel_once_for_every_head) {
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

}  // namespace
}  // namespace ptattn::test
