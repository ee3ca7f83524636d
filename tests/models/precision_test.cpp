// Networks in bfloat16 and in 8 bits: how far from float32, which ones, any number of threads.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "expect_error.hpp"
#include "golden_case.hpp"
#include "point_case.hpp"
#include "ptattn/core/clone.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/model_folder.hpp"
#include "small_pct.hpp"

namespace ptattn::test {
namespace {

GoldenCase golden_case(const std::string& name) {
  return read_golden_case(PTATTN_TEST_DIR "/golden/" + name + ".json");
}

/// Root of the mean square of the differences, relative to that of what is expected.
double relative(MatrixView actual, MatrixView expected) {
  double difference = 0.0;
  double size = 0.0;
  for (std::size_t i = 0; i < expected.rows; ++i) {
    for (std::size_t j = 0; j < expected.cols; ++j) {
      difference += std::pow(double{actual(i, j)} - expected(i, j), 2.0);
      size += std::pow(double{expected(i, j)}, 2.0);
    }
  }
  return std::sqrt(difference / size);
}

Matrix scores(const std::string& name, Precision precision, int threads) {
  const ThreadLimit limit(threads);
  const GoldenCase golden = golden_case(name);
  const auto network = make_point_network(golden.architecture, golden.weights, precision);
  const PointCase input(golden.data);
  return network->forward(input.view()).values;
}

TEST(bf16_networks, point_networks_are_within_two_percent_of_float32) {
  for (const char* const name : {"ptv3_rpe_seg", "ptv3_batch2_seg", "ptv3_fewer_points_than_patch",
                                 "sonata_small_seg", "utonia_tiny_enc", "litept_tiny_seg",
                                 "litept_decoder_seg", "volt_tiny_seg", "volt_scale_seg"}) {
    const double difference =
        relative(scores(name, Precision::kBf16, 2), scores(name, Precision::kFloat32, 2));
    EXPECT_LT(difference, 0.02) << name;
    EXPECT_GT(difference, 1e-5) << name;
  }
}

TEST(bf16_networks, pct_is_within_two_percent_of_float32) {
  for (const char* const name : {"pct_cls", "pct_cls_posenc"}) {
    const GoldenCase golden = golden_case(name);
    const auto logits = [&](Precision precision) {
      return make_classifier(golden.architecture, golden.weights, precision)->logits(cube(1024, 1));
    };
    const double difference = relative(logits(Precision::kBf16), logits(Precision::kFloat32));
    EXPECT_LT(difference, 0.02) << name;
    EXPECT_GT(difference, 1e-5) << name;
  }
}

class Precisions : public testing::TestWithParam<Precision> {};

TEST_P(Precisions, same_bits_for_any_thread_count) {
  for (const char* const name : {"ptv3_rpe_seg", "litept_decoder_seg", "volt_tiny_seg"}) {
    EXPECT_TRUE(std::ranges::equal(scores(name, GetParam(), 1).values(),
                                   scores(name, GetParam(), 8).values()))
        << name;
  }
}

TEST_P(Precisions, are_refused_by_networks_that_do_not_have_them) {
  for (const char* const name : {"ptv1_s3dis_seg", "spct_partseg"}) {
    expect_error(
        Fault::kUsage, [&] { (void)scores(name, GetParam(), 1); },
        {"has an architecture that does not compute in " + std::string(name_of(GetParam()))});
  }
}

INSTANTIATE_TEST_SUITE_P(of, Precisions, testing::Values(Precision::kBf16, Precision::kInt8),
                         [](const auto& one) { return std::string(name_of(one.param)); });

TEST(bf16_networks, are_what_the_loaders_make_of_trained_models) {
  const std::string models = PTATTN_SOURCE_DIR "/samples/models/";
  EXPECT_EQ(load_segmenter(models + "aerial", Precision::kBf16).precision, Precision::kBf16);
  EXPECT_EQ(load_segmenter(models + "aerial").precision, Precision::kFloat32);
  EXPECT_EQ(load_classifier(models + "pct-modelnet40", Precision::kBf16).precision,
            Precision::kBf16);
  const Model any = load_model(models + "aerial", Precision::kBf16);
  EXPECT_EQ(std::get<SegmenterModel>(any).precision, Precision::kBf16);
}

const char* const kNetworksInInt8[] = {
    "ptv3_rpe_seg",       "ptv3_batch2_seg", "ptv3_fewer_points_than_patch",
    "sonata_small_seg",   "utonia_tiny_enc", "litept_tiny_seg",
    "litept_decoder_seg", "volt_tiny_seg",   "volt_scale_seg"};

/// What a trace hears of the layers.
std::map<std::string, Matrix> layers(const std::string& name, Precision precision) {
  const GoldenCase golden = golden_case(name);
  const auto network = make_point_network(golden.architecture, golden.weights, precision);
  const PointCase input(golden.data);
  std::map<std::string, Matrix> heard;
  (void)network->forward(input.view(), Trace([&](std::string_view layer, MatrixView values) {
                           heard[std::string(layer)] = clone(values);
                         }));
  return heard;
}

TEST(int8_networks, every_layer_is_within_ten_percent_of_float32) {
  for (const char* const name : kNetworksInInt8) {
    const auto exact = layers(name, Precision::kFloat32);
    const auto rounded = layers(name, Precision::kInt8);
    ASSERT_EQ(exact.size(), rounded.size()) << name;
    ASSERT_FALSE(exact.empty()) << name;
    for (const auto& [layer, values] : exact) {
      EXPECT_LT(relative(rounded.at(layer), values), 0.1) << name << ", " << layer;
    }
    const std::string first = exact.contains("embedding") ? "embedding" : "tokenizer";
    EXPECT_EQ(relative(rounded.at(first), exact.at(first)), 0.0) << name;
  }
}

TEST(int8_networks, scores_are_within_ten_percent_of_float32) {
  for (const char* const name : kNetworksInInt8) {
    const double difference =
        relative(scores(name, Precision::kInt8, 2), scores(name, Precision::kFloat32, 2));
    EXPECT_LT(difference, 0.1) << name;
    EXPECT_GT(difference, 1e-3) << name;
  }
}

TEST(int8_networks, are_what_the_loaders_make_of_trained_models) {
  const std::string aerial = PTATTN_SOURCE_DIR "/samples/models/aerial";
  EXPECT_EQ(load_segmenter(aerial, Precision::kInt8).precision, Precision::kInt8);
}

}  // namespace
}  // namespace ptattn::test
