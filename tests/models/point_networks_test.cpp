// Point Transformer v1 and SPCT: parity, batches, tiny clouds, attention weights, bad input.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "expect_error.hpp"
#include "golden_case.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/registry.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

void expect_parity(const std::string& name) {
  const GoldenCase golden = read_golden_case(PTATTN_TEST_DIR "/golden/" + name + ".json");
  const auto network = make_point_network(golden.architecture, golden.weights);
  for (const Comparison& c : compare(*network, golden.data)) {
    EXPECT_TRUE(c.compared) << c.name << ": " << c.note;
    EXPECT_LT(c.relative, 1e-5) << c.name;
  }
}

TEST(point_networks, ptv1_agrees_with_the_published_implementation) {
  expect_parity("ptv1_s3dis_seg");
}

TEST(point_networks, spct_agrees_with_its_twin_in_pytorch) {
  expect_parity("spct_partseg");
}

constexpr const char* kSmallPtv1 = R"({"in_channels": 4, "num_classes": 3, "share_planes": 2,
  "blocks": [2, 2, 1], "planes": [4, 8, 6], "neighbors": [4, 5, 3]})";
constexpr const char* kSmallSpct = R"({"in_channels": 4, "num_classes": 3, "num_categories": 2,
  "embed_channels": 8, "attention_layers": 2, "qk_channels": 4, "fuse_channels": 12,
  "label_channels": 5, "head_channels": [7, 6]})";

using Shapes = FormulaWeights::Shapes;

void add_norm(Shapes& shapes, const std::string& name, std::size_t channels) {
  for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
    shapes[name + part] = {channels};
  }
}

void add_linear(Shapes& shapes, const std::string& name, std::size_t in, std::size_t out,
                bool bias) {
  shapes[name + ".weight"] = {out, in};
  if (bias) shapes[name + ".bias"] = {out};
}

void add_ptv1_block(Shapes& shapes, const std::string& name, std::size_t c) {
  add_linear(shapes, name + ".linear1", c, c, false);
  add_linear(shapes, name + ".linear3", c, c, false);
  for (const char* norm : {".bn1", ".bn2", ".bn3"}) add_norm(shapes, name + norm, c);
  const std::string attention = name + ".transformer2.linear_";
  for (const char* layer : {"q", "k", "v"}) add_linear(shapes, attention + layer, c, c, true);
  add_linear(shapes, attention + "p.0", 3, 3, true);
  add_norm(shapes, attention + "p.1", 3);
  add_linear(shapes, attention + "p.3", 3, c, true);
  add_norm(shapes, attention + "w.0", c);
  add_linear(shapes, attention + "w.2", c, c / 2, true);
  add_norm(shapes, attention + "w.3", c / 2);
  add_linear(shapes, attention + "w.5", c / 2, c / 2, true);
}

Shapes small_ptv1_shapes() {
  Shapes shapes;
  const std::vector<std::size_t> planes{4, 8, 6};
  std::size_t before = 4;
  for (std::size_t s = 0; s < 3; ++s) {
    const std::string number = std::to_string(s + 1);
    const std::size_t c = planes[s];
    const std::string encoder = "enc" + number;
    const std::string decoder = "dec" + number;
    add_linear(shapes, encoder + ".0.linear", before + (s == 0 ? 0 : 3), c, false);
    add_norm(shapes, encoder + ".0.bn", c);
    if (s < 2) add_ptv1_block(shapes, encoder + ".1", c);
    const std::string up = decoder + ".0.linear";
    add_linear(shapes, up + "1.0", s == 2 ? 2 * c : c, c, true);
    add_norm(shapes, up + "1.1", c);
    add_linear(shapes, up + "2.0", s == 2 ? c : planes[s + 1], c, true);
    if (s < 2) add_norm(shapes, up + "2.1", c);
    add_ptv1_block(shapes, decoder + ".1", c);
    before = c;
  }
  add_linear(shapes, "cls.0", 4, 4, true);
  add_norm(shapes, "cls.1", 4);
  add_linear(shapes, "cls.3", 4, 3, true);
  return shapes;
}

Shapes small_spct_shapes() {
  Shapes shapes;
  add_linear(shapes, "conv1", 4, 8, false);
  add_linear(shapes, "conv2", 8, 8, false);
  add_norm(shapes, "bn1", 8);
  add_norm(shapes, "bn2", 8);
  for (const std::string name : {"sa1", "sa2"}) {
    add_linear(shapes, name + ".k_conv", 8, 4, false);
    add_linear(shapes, name + ".v_conv", 8, 8, true);
    add_linear(shapes, name + ".trans_conv", 8, 8, true);
    add_norm(shapes, name + ".after_norm", 8);
  }
  add_linear(shapes, "conv_fuse.0", 16, 12, false);
  add_norm(shapes, "conv_fuse.1", 12);
  add_linear(shapes, "label_conv.0", 2, 5, false);
  add_norm(shapes, "label_conv.1", 5);
  add_linear(shapes, "convs1", 41, 7, true);
  add_norm(shapes, "bns1", 7);
  add_linear(shapes, "convs2", 7, 6, true);
  add_norm(shapes, "bns2", 6);
  add_linear(shapes, "convs3", 6, 3, true);
  return shapes;
}

std::unique_ptr<PointNetwork> small(const std::string& architecture) {
  const bool ptv1 = architecture == "ptv1_seg";
  const FormulaWeights weights(ptv1 ? small_ptv1_shapes() : small_spct_shapes(), "", "weights");
  return make_point_network({architecture, ptv1 ? kSmallPtv1 : kSmallSpct, "config.json"}, weights);
}

Matrix random_rows(std::size_t n, std::size_t columns, std::uint64_t seed) {
  Random random(seed);
  Matrix rows(n, columns);
  for (float& x : rows.values()) x = static_cast<float>(random.uniform() - 0.5);
  return rows;
}

bool same_values(MatrixView a, MatrixView b) {
  for (std::size_t i = 0; i < a.rows; ++i) {
    if (!std::equal(a.row(i), a.row(i) + a.cols, b.row(i))) return false;
  }
  return a.rows == b.rows && a.cols == b.cols;
}

class EachNetwork : public testing::TestWithParam<const char*> {
 protected:
  static constexpr std::size_t kPoints = 150;

  [[nodiscard]] Matrix forward(MatrixView positions, MatrixView features,
                               std::span<const std::size_t> ends = {},
                               const Trace& trace = {}) const {
    return network_->forward({positions, features, {}, ends, 1}, trace).values;
  }

  const std::unique_ptr<PointNetwork> network_ = small(GetParam());
  const Matrix positions_ = random_rows(kPoints, 3, 1);
  const Matrix features_ = random_rows(kPoints, 4, 2);
};

TEST_P(EachNetwork, clouds_of_a_batch_never_see_each_other) {
  const std::vector<std::size_t> ends{100, 100, 102, kPoints};
  const Matrix together = forward(positions_, features_, ends);
  ASSERT_EQ(together.rows(), kPoints);
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const Matrix alone = forward(positions_.view().rows_range(begin, end - begin),
                                 features_.view().rows_range(begin, end - begin));
    for (std::size_t i = 0; i < alone.rows(); ++i) {
      for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(together(begin + i, c), alone(i, c), 1e-5);
    }
    begin = end;
  }
}

TEST_P(EachNetwork, tiny_clouds_have_scores) {
  for (const std::size_t n : {0, 1, 2, 3, 5, 17}) {
    const Matrix scores =
        forward(positions_.view().rows_range(0, n), features_.view().rows_range(0, n));
    ASSERT_EQ(scores.rows(), n);
    ASSERT_EQ(scores.cols(), 3U);
    for (const float x : scores.values()) EXPECT_TRUE(std::isfinite(x));
  }
}

TEST_P(EachNetwork, points_that_coincide_get_the_same_scores) {
  Matrix positions(20, 3);
  Matrix features(20, 4);
  std::ranges::fill(positions.values(), 0.25F);
  std::ranges::fill(features.values(), 0.5F);
  const Matrix scores = forward(positions, features);
  for (std::size_t i = 1; i < 20; ++i) {
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(scores(i, c), scores(0, c), 1e-5);
  }
}

TEST_P(EachNetwork, same_bytes_for_any_thread_count) {
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return forward(positions_, features_, std::vector<std::size_t>{70, kPoints});
  };
  EXPECT_TRUE(same_values(with_threads(1), with_threads(8)));
}

TEST_P(EachNetwork, attention_weights_sum_to_one_and_listening_changes_nothing) {
  std::map<std::string, std::size_t, std::less<>> heads;
  for (const AttentionLayer& layer : network_->attention_layers()) heads[layer.name] = layer.heads;
  std::map<std::string, std::size_t> rows;
  const Trace trace = Trace::of_attention("", [&](const AttentionMap& map) {
    ASSERT_TRUE(heads.contains(map.layer)) << map.layer;
    ASSERT_LT(map.head, heads.find(map.layer)->second);
    ASSERT_EQ(map.weights.rows, map.queries.size());
    ASSERT_EQ(map.weights.cols, map.keys.size());
    if (map.head == 0) rows[std::string(map.layer)] += map.queries.size();
    for (const std::uint32_t key : map.keys) ASSERT_LT(key, map.tokens.rows);
    for (std::size_t i = 0; i < map.weights.rows; ++i) {
      double sum = 0.0;
      for (std::size_t j = 0; j < map.weights.cols; ++j) sum += map.weights(i, j);
      EXPECT_NEAR(sum, 1.0, 1e-5);
    }
  });
  const std::vector<std::size_t> ends{70, kPoints};
  EXPECT_TRUE(same_values(forward(positions_, features_, ends, trace),
                          forward(positions_, features_, ends)));
  EXPECT_EQ(rows.size(), heads.size());
  EXPECT_EQ(rows[network_->attention_layers().front().name], kPoints);
}

TEST_P(EachNetwork, traces_tell_which_points_their_rows_describe) {
  const Trace trace =
      Trace::of_values([&](std::string_view name, MatrixView values, MatrixView positions) {
        EXPECT_EQ(values.rows, positions.rows) << name;
        EXPECT_EQ(positions.cols, 3U) << name;
      });
  (void)forward(positions_, features_, {}, trace);
}

TEST_P(EachNetwork, refuses_input_of_other_shapes) {
  const std::vector<std::size_t> too_long{kPoints + 1};
  const std::vector<std::size_t> descending{100, 50, kPoints};
  const Matrix other = random_rows(kPoints, 5, 3);
  expect_error(Fault::kUsage, [&] { (void)forward(positions_, other); },
               {"features [150, 5], expected [150, 4]"});
  expect_error(Fault::kUsage, [&] { (void)forward(other, features_); }, {"3 coordinates"});
  expect_error(Fault::kUsage, [&] { (void)forward(positions_, features_, too_long); },
               {"last point"});
  expect_error(Fault::kUsage, [&] { (void)forward(positions_, features_, descending); },
               {"do not ascend"});
}

INSTANTIATE_TEST_SUITE_P(point_networks, EachNetwork, testing::Values("ptv1_seg", "spct_partseg"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(point_networks, ptv1_traces_every_stage) {
  std::vector<std::string> names;
  const Matrix positions = random_rows(40, 3, 1);
  const Matrix features = random_rows(40, 4, 2);
  (void)small("ptv1_seg")
      ->forward({positions, features, {}, {}, {}}, [&](std::string_view name, MatrixView values) {
        names.push_back(std::string(name) + " " + std::to_string(values.rows) + "x" +
                        std::to_string(values.cols));
      });
  EXPECT_THAT(names, ElementsAre("enc1.0 40x4", "enc1.1 40x4", "enc2.0 10x8", "enc2.1 10x8",
                                 "enc3.0 2x6", "dec3.0 2x6", "dec3.1 2x6", "dec2.0 10x8",
                                 "dec2.1 10x8", "dec1.0 40x4", "dec1.1 40x4", "cls 40x3"));
}

TEST(point_networks, spct_needs_a_category_and_obeys_it) {
  const auto network = small("spct_partseg");
  EXPECT_EQ(network->category_count(), 2U);
  const Matrix positions = random_rows(30, 3, 1);
  const Matrix features = random_rows(30, 4, 2);
  const auto forward = [&](std::optional<std::size_t> category) {
    return network->forward({positions, features, {}, {}, category}).values;
  };
  EXPECT_FALSE(same_values(forward(0), forward(1)));
  expect_error(Fault::kUsage, [&] { (void)forward({}); }, {"category, less than 2"});
  expect_error(Fault::kUsage, [&] { (void)forward(2); }, {"category, less than 2"});
}

TEST(point_networks, ptv1_thins_by_its_strides_under_the_public_names) {
  const auto network = make_point_network(
      {"ptv1_seg",
       R"({"in_channels": 4, "num_classes": 3, "share_planes": 2, "blocks": [2, 2, 1],
           "planes": [4, 8, 6], "nsample": [4, 5, 3], "stride": [1, 2, 5]})",
       "config.json"},
      FormulaWeights(small_ptv1_shapes(), "", "weights"));
  const Matrix positions = random_rows(60, 3, 1);
  const Matrix features = random_rows(60, 4, 2);
  std::map<std::string, std::size_t> rows;
  const auto listen = [&](std::string_view name, MatrixView values) {
    rows.insert_or_assign(std::string(name), values.rows);
  };
  (void)network->forward({positions, features, {}, {}, {}}, listen);
  EXPECT_EQ(rows["enc1.0"], 60U);
  EXPECT_EQ(rows["enc2.0"], 30U);
  EXPECT_EQ(rows["enc3.0"], 6U);
}

TEST(point_networks, bad_configurations_are_refused) {
  const auto refuse = [](const std::string& architecture, const std::string& json,
                         const std::string& problem) {
    const FormulaWeights none({}, "", "weights");
    expect_model_error(
        [&] {
          (void)make_point_network({architecture, json, "config.json"}, none);
        },
        {problem});
  };
  refuse("ptv1_seg", R"({"planes": [32, 64]})", "blocks does not have 2 items");
  refuse("ptv1_seg", R"({"planes": [30, 64, 128, 256, 512]})", "multiples of share_planes");
  refuse("ptv1_seg", R"({"blocks": []})", "blocks is empty");
  refuse("ptv1_seg", R"({"blocks": [0, 1, 1, 1, 1]})", "blocks");
  refuse("ptv1_seg", R"({"neighbors": [8, 16, 16, 16, 1000000]})", "neighbors");
  refuse("ptv1_seg", R"({"depth": 3})", "depth is not a known key");
  refuse("ptv1_seg", R"({"stride": [1, 4]})", "blocks does not have 2 items");
  refuse("ptv1_seg", R"({"stride": [4, 4, 4, 4, 4]})", "stride is not 1 and then numbers above 1");
  refuse("ptv1_seg", R"({"nsample": [1, 1, 1, 1, 1], "neighbors": [1, 1, 1, 1, 1]})",
         "nsample repeats what neighbors says");
  refuse("ptv1_seg", "{}", "missing cls.0.bias, cls.0.weight");
  refuse("spct_partseg", R"({"head_channels": [512]})", "head_channels does not have 2 items");
  refuse("spct_partseg", R"({"num_categories": 0})", "num_categories");
  refuse("spct_partseg", "{}", "missing ");
}

}  // namespace
}  // namespace ptattn::test
