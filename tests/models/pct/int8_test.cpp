#include "ptattn/models/pct/int8.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "golden_case.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/model_folder.hpp"
#include "small_pct.hpp"

namespace ptattn::test {
namespace {

std::unique_ptr<Classifier> small_pct(Precision precision) {
  return make_classifier({"pct_cls", kSmallPct, "config.json"}, small_pct_weights(), precision);
}

/// Largest difference, relative to the largest magnitude expected.
double relative(MatrixView actual, MatrixView expected) {
  double difference = 0.0;
  double largest = 0.0;
  for (std::size_t j = 0; j < expected.cols; ++j) {
    difference = std::max(difference, std::abs(double{actual(0, j)} - expected(0, j)));
    largest = std::max(largest, std::abs(double{expected(0, j)}));
  }
  return difference / largest;
}

/// The 8-bit logits of the published network's golden case are those of float32 within `tolerance`,
/// and not the same.
void expect_close(const std::string& name, double tolerance) {
  const GoldenCase golden = read_golden_case(PTATTN_TEST_DIR "/golden/" + name + ".json");
  const Matrix points = cube(1024, 1);
  const auto logits = [&](Precision precision) {
    return make_classifier(golden.architecture, golden.weights, precision)->logits(points);
  };
  const double difference = relative(logits(Precision::kInt8), logits(Precision::kFloat32));
  EXPECT_LT(difference, tolerance);
  EXPECT_GT(difference, 1e-4);
}

TEST(pct_int8, published_network_is_within_three_percent_of_float32) {
  expect_close("pct_cls", 0.03);
}

TEST(pct_int8, published_network_with_positions_is_within_three_percent_of_float32) {
  expect_close("pct_cls_posenc", 0.03);
}

TEST(pct_int8, is_what_load_classifier_makes_of_a_trained_model) {
  const std::string folder = PTATTN_SOURCE_DIR "/samples/models/pct-modelnet40";
  const ClassifierModel model = load_classifier(folder, Precision::kInt8);
  EXPECT_EQ(model.precision, Precision::kInt8);
  EXPECT_EQ(load_classifier(folder).precision, Precision::kFloat32);
  EXPECT_NE(dynamic_cast<const PctInt8*>(model.network.get()), nullptr);
  EXPECT_EQ(model.network->class_count(), 40U);
}

TEST(pct_int8, same_bits_for_any_thread_count) {
  const GoldenCase golden = read_golden_case(PTATTN_TEST_DIR "/golden/pct_cls.json");
  const auto network = make_classifier(golden.architecture, golden.weights, Precision::kInt8);
  const Matrix points = cube(1100, 2);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return network->logits(points);
  };
  EXPECT_TRUE(std::ranges::equal(with_threads(1).values(), with_threads(8).values()));
}

TEST(pct_int8, traces_what_it_computes_under_the_names_of_float32) {
  const auto traced = [](Precision precision) {
    std::vector<std::string> names;
    const auto network = small_pct(precision);
    const Matrix points = cube(30, 1);
    const Matrix logits = network->logits(points, [&](std::string_view name, MatrixView values) {
      names.push_back(std::string(name) + " " + std::to_string(values.rows) + "x" +
                      std::to_string(values.cols));
    });
    EXPECT_TRUE(std::ranges::equal(logits.values(), network->logits(points).values()));
    return names;
  };
  const std::vector<std::string> names = traced(Precision::kInt8);
  EXPECT_EQ(names, traced(Precision::kFloat32));
  EXPECT_THAT(names, testing::IsSupersetOf({"gather_local_0 24x6", "pt_last.sa2 16x8",
                                            "pt_last 16x16", "linear3 1x3"}));
}

TEST(pct_int8, identical_points_give_finite_scores) {
  Matrix points(30, 3);
  std::ranges::fill(points.values(), 0.0F);
  const Matrix logits = small_pct(Precision::kInt8)->logits(points);
  for (const float x : logits.values()) EXPECT_TRUE(std::isfinite(x));
}

TEST(pct_int8, refuses_clouds_that_are_too_small) {
  const auto network = small_pct(Precision::kInt8);
  for (const Matrix& points : {cube(23, 1), Matrix(30, 4)}) {
    EXPECT_THROW((void)network->logits(points), Error);
  }
}

TEST(precision, has_names) {
  EXPECT_EQ(precision_named("int8"), Precision::kInt8);
  EXPECT_EQ(precision_named("float32"), Precision::kFloat32);
  EXPECT_EQ(precision_named("float16"), std::nullopt);
}

}  // namespace
}  // namespace ptattn::test
