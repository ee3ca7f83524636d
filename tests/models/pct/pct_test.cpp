#include "ptattn/models/pct/pct.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <thread>
#include <utility>

#include "expect_error.hpp"
#include "golden_case.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/pct/neighbors.hpp"
#include "ptattn/neighbors/knn.hpp"
#include "ptattn/sampling/farthest_point.hpp"
#include "small_pct.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<Classifier> small_pct() {
  return make_classifier({"pct_cls", kSmallPct, "config.json"}, small_pct_weights());
}

bool same_values(const Matrix& a, const Matrix& b) {
  return std::ranges::equal(a.values(), b.values());
}

/// Every tensor of `data` within `tolerance` of the largest magnitude expected.
void expect_parity(const Classifier& network, const SafetensorsFile& data, double tolerance) {
  for (const Comparison& c : compare(network, data)) {
    EXPECT_TRUE(c.compared) << c.name << ": " << c.note;
    EXPECT_LT(c.relative, tolerance) << c.name;
  }
}

void expect_parity_of_case(const std::string& name) {
  const GoldenCase golden = read_golden_case(PTATTN_TEST_DIR "/golden/" + name + ".json");
  expect_parity(*make_classifier(golden.architecture, golden.weights), golden.data, 1e-5);
}

TEST(pct, agrees_with_the_published_implementation) {
  expect_parity_of_case("pct_cls");
}

TEST(pct, agrees_with_the_published_implementation_with_positions) {
  expect_parity_of_case("pct_cls_posenc");
}

TEST(pct, trained_model_agrees_with_its_training_code) {
  const ClassifierModel model = load_classifier(PTATTN_SOURCE_DIR "/samples/models/pct-modelnet40");
  // Logits of four held-out clouds, computed by the training code from the exported weights.
  const SafetensorsFile data(PTATTN_TEST_DIR "/golden/pct_modelnet40.safetensors");
  expect_parity(*model.network, data, 1e-4);
}

TEST(pct, traces_every_stage) {
  std::vector<std::string> names;
  (void)small_pct()->logits(cube(30, 1), [&](std::string_view name, MatrixView values) {
    names.push_back(std::string(name) + " " + std::to_string(values.rows) + "x" +
                    std::to_string(values.cols));
  });
  EXPECT_THAT(
      names, ElementsAre("bn1 30x4", "bn2 30x4", "fps24 24x1", "gather_local_0 24x6", "fps16 16x1",
                         "gather_local_1 16x8", "pt_last.bn1 16x8", "pt_last.bn2 16x8",
                         "pt_last.sa1 16x8", "pt_last.sa2 16x8", "pt_last 16x16", "conv_fuse 16x10",
                         "bn6 1x7", "bn7 1x5", "linear3 1x3"));
}

TEST(pct, traces_tell_which_points_their_rows_describe) {
  const Matrix points = cube(30, 1);
  std::vector<std::string> placed;
  const auto listener = [&](std::string_view name, MatrixView values, MatrixView positions) {
    if (positions.rows == 0) return;
    EXPECT_EQ(positions.rows, values.rows) << name;
    ASSERT_EQ(positions.cols, 3U) << name;
    placed.emplace_back(name);
    const auto sampled = farthest_point_sample(points, positions.rows);
    for (std::size_t i = 0; i < positions.rows; ++i) {
      const float* const expected = positions.rows == 30 ? points.row(i) : points.row(sampled[i]);
      // A stage samples what the stage before it has left, which is in the order of choice.
      EXPECT_TRUE(std::equal(expected, expected + 3, positions.row(i))) << name << " " << i;
    }
  };
  (void)small_pct()->logits(points, Trace::of_values(listener));
  EXPECT_THAT(placed,
              ElementsAre("bn1", "bn2", "gather_local_0", "gather_local_1", "pt_last.bn1",
                          "pt_last.bn2", "pt_last.sa1", "pt_last.sa2", "pt_last", "conv_fuse"));
}

TEST(pct, tracing_changes_nothing) {
  const auto network = small_pct();
  const Matrix points = cube(30, 1);
  EXPECT_TRUE(same_values(network->logits(points),
                          network->logits(points, [](std::string_view, MatrixView) {})));
  EXPECT_TRUE(
      same_values(network->logits(points),
                  network->logits(points, Trace::of_attention("", [](const AttentionMap&) {}))));
}

/// A map as it was when it was reported.
struct KeptMap {
  std::string layer;
  std::size_t head = 0;
  Matrix tokens;
  std::vector<std::uint32_t> queries;
  std::vector<std::uint32_t> keys;
  Matrix weights;
};

Matrix kept(MatrixView view) {
  Matrix copy(view.rows, view.cols);
  for (std::size_t i = 0; i < view.rows; ++i) std::copy_n(view.row(i), view.cols, copy.row(i));
  return copy;
}

std::vector<KeptMap> maps_of(const Classifier& network, MatrixView points,
                             const std::string& layer) {
  std::vector<KeptMap> maps;
  const auto listener = [&](const AttentionMap& map) {
    maps.push_back({std::string(map.layer),
                    map.head,
                    kept(map.tokens),
                    {map.queries.begin(), map.queries.end()},
                    {map.keys.begin(), map.keys.end()},
                    kept(map.weights)});
  };
  (void)network.logits(points, Trace::of_attention(layer, listener));
  return maps;
}

TEST(pct, reports_the_attention_of_the_layers_it_names) {
  const auto network = small_pct();
  const std::vector<AttentionLayer> layers = network->attention_layers();
  const std::vector<KeptMap> maps = maps_of(*network, cube(30, 1), "");
  ASSERT_EQ(layers.size(), 2U);
  ASSERT_EQ(maps.size(), 2U);
  for (std::size_t l = 0; l < 2; ++l) {
    EXPECT_EQ(layers[l].name, "pt_last.sa" + std::to_string(l + 1));
    EXPECT_EQ(layers[l].heads, 1U);
    EXPECT_EQ(maps[l].layer, layers[l].name);
    EXPECT_EQ(maps[l].head, 0U);
    ASSERT_EQ(maps[l].weights.rows(), 16U);
    ASSERT_EQ(maps[l].weights.cols(), 16U);
    for (std::uint32_t i = 0; i < 16; ++i) {
      EXPECT_EQ(maps[l].queries[i], i);
      EXPECT_EQ(maps[l].keys[i], i);
      double sum = 0.0;
      for (std::size_t j = 0; j < 16; ++j) sum += maps[l].weights(i, j);
      EXPECT_NEAR(sum, 1.0, 1e-5);
    }
  }
  const std::vector<KeptMap> second = maps_of(*network, cube(30, 1), "pt_last.sa2");
  ASSERT_EQ(second.size(), 1U);
  EXPECT_TRUE(same_values(second[0].weights, maps[1].weights));
  EXPECT_THAT(maps_of(*network, cube(30, 1), "pt_last.sa3"), testing::IsEmpty());
}

TEST(pct, attention_is_reported_between_sampled_points) {
  const Matrix points = cube(30, 1);
  const auto network = small_pct();
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> second;
  (void)network->logits(points, [&](std::string_view name, MatrixView values) {
    if (name == "fps24") first.assign(values.data, values.data + values.rows);
    if (name == "fps16") second.assign(values.data, values.data + values.rows);
  });
  const Matrix tokens = std::move(maps_of(*network, points, "pt_last.sa1").front().tokens);
  ASSERT_EQ(tokens.rows(), 16U);
  for (std::size_t i = 0; i < 16; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      EXPECT_EQ(tokens(i, axis), points(first[second[i]], axis));
    }
  }
}

TEST(pct, reads_points_of_any_stride) {
  const auto network = small_pct();
  const Matrix points = cube(40, 1);
  Matrix wide(40, 5);
  for (std::size_t i = 0; i < 40; ++i) std::copy_n(points.row(i), 3, wide.row(i) + 1);
  EXPECT_TRUE(same_values(network->logits(points), network->logits(wide.view().cols_range(1, 3))));
}

TEST(pct, same_bytes_for_any_thread_count) {
  const GoldenCase golden = read_golden_case(PTATTN_TEST_DIR "/golden/pct_cls.json");
  const auto network = make_classifier(golden.architecture, golden.weights);
  const Matrix points = cube(1024, 1);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return network->logits(points);
  };
  EXPECT_TRUE(same_values(with_threads(1), with_threads(8)));
}

TEST(pct, is_safe_from_many_threads) {
  const auto network = small_pct();
  constexpr std::size_t kClouds = 16;
  std::vector<Matrix> results(kClouds);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kClouds; ++i) {
    threads.emplace_back([&, i] { results[i] = network->logits(cube(24 + i, i)); });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < kClouds; ++i) {
    EXPECT_TRUE(same_values(results[i], network->logits(cube(24 + i, i))));
  }
}

TEST(pct, identical_points_give_finite_scores) {
  Matrix points(30, 3);
  std::ranges::fill(points.values(), 0.0F);
  const Matrix logits = small_pct()->logits(points);
  for (const float x : logits.values()) EXPECT_TRUE(std::isfinite(x));
}

TEST(pct, refuses_clouds_that_are_too_small) {
  const auto network = small_pct();
  for (const Matrix& points : {cube(23, 1), Matrix(0, 3), Matrix(30, 4)}) {
    try {
      (void)network->logits(points);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& e) {
      EXPECT_EQ(e.fault(), Fault::kUsage);
      EXPECT_THAT(e.what(), HasSubstr("at least 24"));
    }
  }
}

std::vector<std::uint32_t> neighbors_of(MatrixView points, MatrixView queries, std::size_t k) {
  std::vector<std::uint32_t> chosen(queries.rows * k);
  pct_neighbors(points, queries, k, chosen);
  return chosen;
}

TEST(pct_neighbors, are_the_nearest_where_rounding_does_not_matter) {
  const Matrix points = cube(300, 1);
  const Matrix queries = cube(50, 2);
  const auto chosen = neighbors_of(points, queries, 20);
  const IndexTable nearest = k_nearest(points, queries, 20);
  ASSERT_EQ(chosen.size(), nearest.indices.size());
  for (std::size_t i = 0; i < 50; ++i) {
    std::vector<std::uint32_t> row(chosen.begin() + static_cast<std::ptrdiff_t>(20 * i),
                                   chosen.begin() + static_cast<std::ptrdiff_t>(20 * i + 20));
    EXPECT_THAT(row, testing::UnorderedElementsAreArray(nearest.row(i), 20)) << i;
  }
}

TEST(pct_neighbors, follow_the_rounding_of_the_published_formula) {
  // The second point is nearer to the query by 5e-10 of a squared distance of 1e-6, which the three
  // terms of about 1 cannot resolve: both come out the same, and the lower index wins.
  Matrix points(2, 3);
  Matrix query(1, 3);
  std::ranges::fill(points.values(), 0.0F);
  std::ranges::fill(query.values(), 0.0F);
  query(0, 0) = 1.0F;
  points(0, 0) = 1.0F - 0x1p-10F - 0x1p-22F;
  points(1, 0) = 1.0F - 0x1p-10F;
  EXPECT_EQ(k_nearest(points, query, 1).indices[0], 1U);
  EXPECT_THAT(neighbors_of(points, query, 1), ElementsAre(0U));
}

/// The published formula, as it rounds, for every point.
std::vector<std::uint32_t> chosen_by_formula(MatrixView points, const float* q, std::size_t k) {
  const auto fused = [](float a, float b, float c) {
    return static_cast<float>(double{a} * double{b} + double{c});
  };
  const auto norm = [](const float* p) { return (p[0] * p[0] + p[1] * p[1]) + p[2] * p[2]; };
  std::vector<std::pair<float, std::uint32_t>> all;
  for (std::uint32_t i = 0; i < points.rows; ++i) {
    const float* p = points.row(i);
    const float dot = fused(q[2], p[2], fused(q[1], p[1], q[0] * p[0]));
    all.emplace_back((-2.0F * dot + norm(q)) + norm(p), i);
  }
  std::ranges::sort(all);
  std::vector<std::uint32_t> chosen;
  for (std::size_t i = 0; i < k; ++i) chosen.push_back(all[i].second);
  return chosen;
}

TEST(pct_neighbors, are_those_of_the_formula_whether_distances_are_clear_or_not) {
  const Matrix scattered = cube(400, 3);
  Matrix twice(200, 3);    // every point twice
  Matrix lattice(125, 3);  // many points at the same distance
  Matrix crowded(200, 3);  // distances that the formula can hardly tell apart
  for (std::size_t i = 0; i < 200; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      twice(i, axis) = scattered(i / 2, axis);
      crowded(i, axis) = 0.5F + 1e-2F * scattered(i, axis);
      constexpr std::size_t kSteps[] = {1, 5, 25};
      if (i < 125) lattice(i, axis) = 0.2F * static_cast<float>(i / kSteps[axis] % 5) - 0.4F;
    }
  }
  for (const Matrix* points :
       std::array<const Matrix*, 4>{&scattered, &twice, &lattice, &crowded}) {
    constexpr std::size_t kNear = 10;
    const auto rows = neighbors_of(*points, *points, kNear);
    for (std::size_t i = 0; i < points->rows(); ++i) {
      const std::span row(rows.data() + i * kNear, kNear);
      ASSERT_THAT(row, testing::UnorderedElementsAreArray(
                           chosen_by_formula(*points, points->row(i), kNear)))
          << i;
    }
  }
}

TEST(pct_neighbors, may_be_all_points) {
  const Matrix points = cube(7, 1);
  EXPECT_THAT(neighbors_of(points, points.view().rows_range(0, 1), 7),
              testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6));
}

}  // namespace
}  // namespace ptattn::test
