#include "ptattn/models/volt/volt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "expect_error.hpp"
#include "golden_case.hpp"
#include "point_case.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/registry.hpp"

namespace ptattn::test {
namespace {

GoldenCase golden_case(const std::string& name) {
  return read_golden_case(std::string(PTATTN_TEST_DIR "/golden/") + name + ".json");
}

std::unique_ptr<PointNetwork> network_of(const GoldenCase& golden) {
  return make_point_network(golden.architecture, golden.weights);
}

/// Rows [begin, begin + count) of an input, as one cloud.
struct Part {
  Part(const PointInput& input, std::vector<std::size_t> rows)
      : positions(rows.size(), 3), features(rows.size(), input.features.cols) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(input.positions.row(rows[i]), 3, positions.row(i));
      std::copy_n(input.features.row(rows[i]), features.cols(), features.row(i));
      const auto cell = input.grid.subspan(3 * rows[i], 3);
      grid.insert(grid.end(), cell.begin(), cell.end());
    }
  }
  [[nodiscard]] PointInput input() const { return {positions, features, grid, {}, {}}; }

  Matrix positions;
  Matrix features;
  std::vector<std::int32_t> grid;
};

std::vector<std::size_t> counted(std::size_t begin, std::size_t count) {
  std::vector<std::size_t> rows(count);
  for (std::size_t i = 0; i < count; ++i) rows[i] = begin + i;
  return rows;
}

float largest_difference(MatrixView a, MatrixView b) {
  EXPECT_EQ(a.rows, b.rows);
  float largest = 0.0F;
  for (std::size_t i = 0; i < std::min(a.rows, b.rows); ++i) {
    for (std::size_t j = 0; j < a.cols; ++j) {
      largest = std::max(largest, std::abs(a(i, j) - b(i, j)));
    }
  }
  return largest;
}

class VoltGolden : public testing::TestWithParam<const char*> {};

TEST_P(VoltGolden, agrees_with_the_published_implementation) {
  const GoldenCase golden = golden_case(GetParam());
  for (const Comparison& c : compare(*network_of(golden), golden.data)) {
    EXPECT_TRUE(c.compared) << c.name << ": " << c.note;
    EXPECT_LT(c.relative, 1e-5) << c.name;
  }
}

INSTANTIATE_TEST_SUITE_P(cases, VoltGolden, testing::Values("volt_tiny_seg", "volt_scale_seg"));

TEST(volt, permuting_the_voxels_permutes_the_rows) {
  const GoldenCase golden = golden_case("volt_scale_seg");
  const auto network = network_of(golden);
  const PointCase whole(golden.data);
  const std::size_t n = whole.view().positions.rows;
  std::vector<std::size_t> rows = counted(0, n);
  std::reverse(rows.begin(), rows.end());
  const Matrix scores = network->forward(whole.view()).values;
  const Matrix reversed = network->forward(Part(whole.view(), rows).input()).values;
  for (std::size_t i = 0; i < n; ++i) {
    ASSERT_TRUE(std::equal(scores.row(i), scores.row(i) + scores.cols(), reversed.row(n - 1 - i)))
        << i;
  }
}

TEST(volt, clouds_of_a_batch_do_not_see_each_other) {
  const GoldenCase golden = golden_case("volt_tiny_seg");
  const auto network = network_of(golden);
  const PointCase both(golden.data);
  const std::size_t first = both.view().ends.front();
  const std::size_t second = both.view().ends.back() - first;
  const Matrix scores = network->forward(both.view()).values;
  const Matrix a = network->forward(Part(both.view(), counted(0, first)).input()).values;
  const Matrix b = network->forward(Part(both.view(), counted(first, second)).input()).values;
  EXPECT_EQ(largest_difference(scores.view().rows_range(0, first), a), 0.0F);
  // Angles of the second cloud are rounded differently from another origin.
  EXPECT_LT(largest_difference(scores.view().rows_range(first, second), b), 2e-5F);
}

TEST(volt, same_bytes_for_any_thread_count) {
  const GoldenCase golden = golden_case("volt_tiny_seg");
  const auto network = network_of(golden);
  const PointCase input(golden.data);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return network->forward(input.view()).values;
  };
  EXPECT_EQ(largest_difference(with_threads(1), with_threads(8)), 0.0F);
}

TEST(volt, moving_the_grid_by_whole_tokens_changes_nothing) {
  const GoldenCase golden = golden_case("volt_scale_seg");
  const auto network = network_of(golden);
  const PointCase whole(golden.data);
  Part moved(whole.view(), counted(0, whole.view().positions.rows));
  for (std::size_t i = 0; i < moved.grid.size(); ++i) moved.grid[i] += i % 3 == 1 ? 300 : 30;
  // Tokens come in another order, so that sums are rounded differently.
  EXPECT_LT(largest_difference(network->forward(whole.view()).values,
                               network->forward(moved.input()).values),
            1e-5F);
  moved.grid[0] += 1;  // another slot, or another token
  EXPECT_GT(largest_difference(network->forward(whole.view()).values,
                               network->forward(moved.input()).values),
            1e-4F);
}

TEST(volt, takes_any_number_of_voxels) {
  const GoldenCase golden = golden_case("volt_scale_seg");
  const auto network = network_of(golden);
  const PointCase whole(golden.data);
  for (const std::size_t n : {0U, 1U, 2U, 257U}) {
    const Matrix scores = network->forward(Part(whole.view(), counted(0, n)).input()).values;
    EXPECT_EQ(scores.rows(), n);
    EXPECT_TRUE(std::ranges::all_of(scores.values(), [](float x) { return std::isfinite(x); }));
  }
}

TEST(volt, tells_the_attention_of_each_block_and_head) {
  const GoldenCase golden = golden_case("volt_tiny_seg");
  const auto network = network_of(golden);
  const PointCase input(golden.data);
  const auto layers = network->attention_layers();
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_EQ(layers[1].name, "blocks.1.attn");
  EXPECT_EQ(layers[1].heads, 2U);
  std::map<std::size_t, std::vector<std::size_t>> queries;  // of each head
  (void)network->forward(
      input.view(), Trace::of_attention("blocks.1.attn", [&](const AttentionMap& map) {
        EXPECT_EQ(map.weights.rows, map.queries.size());
        EXPECT_EQ(map.weights.cols, map.keys.size());
        for (std::size_t i = 0; i < map.weights.rows; ++i) {
          const float* row = map.weights.row(i);
          EXPECT_NEAR(std::accumulate(row, row + map.weights.cols, 0.0), 1.0, 1e-5);
        }
        auto& seen = queries[map.head];
        seen.insert(seen.end(), map.queries.begin(), map.queries.end());
      }));
  ASSERT_EQ(queries.size(), 2U);
  std::ranges::sort(queries[0]);
  EXPECT_EQ(queries[0], counted(0, queries[0].size()));  // every token once
  EXPECT_GT(queries[0].size(), 200U);
}

TEST(volt_config, refuses_what_does_not_fit) {
  const auto expect_refused = [](const std::string& json, const std::string& problem) {
    expect_model_error([&] { (void)read_volt_config(json, "config.json"); },
                       {"config.json: ", problem});
  };
  expect_refused(R"({"embed_dim": 400})", "embed_dim is not 64 times num_heads");
  expect_refused(R"({"kernel_size": 3})", "kernel_size is not the stride");
  expect_refused(R"({"stride": 10, "kernel_size": 10})", "stride");
  expect_refused(R"({"patch_size": 10})", "patch_size");
  EXPECT_TRUE(read_volt_config(R"({"init_values": 0.1})", "c").layer_scale);
  EXPECT_FALSE(read_volt_config(R"({"init_values": null})", "c").layer_scale);
}

TEST(volt_config, chooses_the_head_by_its_condition) {
  const GoldenCase golden = golden_case("volt_scale_seg");
  ArchitectureConfig other = golden.architecture;
  other.hyper_parameters.insert(1, R"("condition": "ScanNet", )");
  expect_model_error([&] { (void)make_point_network(other, golden.weights); },
                     {"seg_heads.ScanNet.weight", "seg_heads.Default.weight"});
}

}  // namespace
}  // namespace ptattn::test
