#include "ptattn/tasks/features/attention_features.hpp"
#include "ptattn/core/clone.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <numeric>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/geometry/spacing.hpp"
#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using Names = std::vector<std::string>;

std::vector<std::size_t> all_of(std::size_t n) {
  std::vector<std::size_t> all(n);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

/// Points with a field `intensity`, 10 more from point to point.
PointCloud cloud_with_intensity(const std::vector<Position>& positions) {
  PointCloud cloud = cloud_of(positions);
  const auto values = cloud.add("intensity", FieldType::kFloat32).values<float>();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 10.0F * static_cast<float>(i + 1);
  return cloud;
}

AttentionFeatures features_of(const std::vector<Position>& positions, const Names& inputs,
                              const AttentionFeatureOptions& options) {
  const PointCloud cloud = cloud_with_intensity(positions);
  const auto columns = select_columns(cloud, inputs);
  const AttentionFeatures features =
      attention_features(positions, columns, all_of(positions.size()), options);
  EXPECT_EQ(features.values.cols(), attention_feature_names(columns, options).size());
  return AttentionFeatures{clone(features.values), features.bandwidth, features.wavelengths};
}

TEST(attention_features, gaussian_by_hand) {
  // Intensities 10 and 20 are -1 and 1 standardised: E_01 = -2^2 / 2 - 1 / 2. A quarter of the
  // wavelength lies between the points.
  const std::vector<Position> two{{0, 0, 0}, {1, 0, 0}};
  const AttentionFeatures features = features_of(
      two, {"intensity"}, {.wavelength_count = 1, .bandwidth = 1.0, .wavelengths = {{4.0, 4.0}}});
  const auto w = static_cast<float>(std::exp(-2.5) / (1.0 + std::exp(-2.5)));
  const std::vector<float> expected{10 + 10 * w, w,  1 - w, 0, 1, 0, 1,
                                    20 - 10 * w, -w, 1 - w, 0, 1, 0, 1};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(features.values.values()[i], expected[i], 2e-6) << i;
  }
  EXPECT_EQ(features.bandwidth, 1.0);
  EXPECT_THAT(features.wavelengths, ElementsAre(4.0));
}

TEST(attention_features, dot_product_of_two_heads_by_hand) {
  // E_00 = 1, E_01 = -1; a quarter of that in the second head.
  const std::vector<Position> two{{0, 0, 0}, {1, 0, 0}};
  const AttentionFeatures features =
      features_of(two, {"intensity"}, {.scores = ScoreKind::kDot, .heads = 2, .encode = false});
  for (std::size_t a = 0; a < 2; ++a) {
    const double e = a == 0 ? 1.0 : 0.25;
    const double w = std::exp(-e) / (std::exp(e) + std::exp(-e));
    EXPECT_NEAR(features.values(0, a), 10 + 10 * w, 2e-6);
    EXPECT_NEAR(features.values(1, a), 20 - 10 * w, 2e-6);
  }
}

TEST(attention_features, coordinates_come_out_as_offsets) {
  const std::vector<Position> two{{5e6, 4e6, 0}, {5e6 + 1, 4e6, 0}};
  const AttentionFeatures features = features_of(two, {"xyz"}, {.encode = false});
  // Deviation of xyz together: sqrt(0.25 / 3); E_01 = -12 / 2.
  const double w = std::exp(-6.0) / (1.0 + std::exp(-6.0));
  EXPECT_NEAR(features.values(0, 0), w, 1e-6);
  EXPECT_NEAR(features.values(1, 0), -w, 1e-6);
  EXPECT_EQ(features.values(0, 1), 0.0F);
}

/// The definition, pair by pair in float64.
std::vector<double> twin(const std::vector<Position>& positions,
                         std::span<const FieldColumn> columns,
                         const AttentionFeatureOptions& options, const AttentionFeatures& found,
                         std::size_t i) {
  const auto all = all_of(positions.size());
  const ColumnScaling scaling = standardizing(columns, all);
  const auto content = [&](std::size_t p, std::size_t c) {
    return (columns[c](p) - scaling.offset[c]) / scaling.scale[c];
  };
  const auto square = [&](std::size_t j) {
    double sum = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      sum += std::pow(positions[i][axis] - positions[j][axis], 2);
    }
    return sum;
  };
  auto keys = all;
  std::ranges::stable_sort(keys, {}, square);
  if (options.neighbors > 0) keys.resize(std::min(keys.size(), options.neighbors));
  const double d = static_cast<double>(columns.size() + 6 * found.wavelengths.size());
  std::vector<double> out;
  for (std::size_t a = 0; a < options.heads; ++a) {
    std::vector<double> mean(columns.size() + 6 * found.wavelengths.size(), 0.0);
    double total = 0;
    for (const std::size_t j : keys) {
      double e = 0;
      for (std::size_t c = 0; c < columns.size(); ++c) {
        e += options.scores == ScoreKind::kDot ? content(i, c) * content(j, c)
                                               : -0.5 * std::pow(content(i, c) - content(j, c), 2);
      }
      std::vector<double> value;
      for (const FieldColumn& column : columns) {
        const bool coordinate = column.name().size() == 1;
        value.push_back(column(j) - (coordinate ? column(i) : 0.0));
      }
      for (std::size_t axis = 0; axis < 3; ++axis) {
        for (const double wavelength : found.wavelengths) {
          const double phase =
              2 * std::numbers::pi * (positions[j][axis] - positions[i][axis]) / wavelength;
          value.push_back(std::sin(phase));
          value.push_back(std::cos(phase));
          if (options.scores == ScoreKind::kDot) e += std::cos(phase);
        }
      }
      if (options.scores == ScoreKind::kDot) e /= std::sqrt(d);
      if (options.scores == ScoreKind::kGaussian && options.encode) {
        e -= square(j) / (2 * found.bandwidth * found.bandwidth);
      }
      const double weight = std::exp(e * std::pow(0.25, a));
      total += weight;
      for (std::size_t c = 0; c < value.size(); ++c) mean[c] += weight * value[c];
    }
    for (const double sum : mean) out.push_back(sum / total);
  }
  return out;
}

TEST(attention_features, agree_with_the_definition) {
  const auto positions = lopsided_points(150);
  const PointCloud cloud = cloud_with_intensity(positions);
  const auto columns = select_columns(cloud, Names{"xyz", "intensity"});
  for (const ScoreKind scores : {ScoreKind::kGaussian, ScoreKind::kDot}) {
    for (const std::size_t neighbors : {0U, 7U, 150U, 900U}) {
      for (const bool encode : {true, false}) {
        const AttentionFeatureOptions options{.neighbors = neighbors,
                                              .scores = scores,
                                              .heads = 2,
                                              .encode = encode,
                                              .wavelength_count = 2};
        const AttentionFeatures found =
            attention_features(positions, columns, all_of(positions.size()), options);
        for (const std::size_t i : {0U, 60U, 149U}) {
          const auto expected = twin(positions, columns, options, found, i);
          ASSERT_EQ(found.values.cols(), expected.size());
          for (std::size_t c = 0; c < expected.size(); ++c) {
            EXPECT_NEAR(found.values(i, c), expected[c], 2e-5 * (1 + std::abs(expected[c])))
                << "point " << i << " channel " << c << " of " << neighbors << " neighbours";
          }
        }
      }
    }
  }
}

TEST(attention_features, names_tell_head_input_and_wave) {
  const PointCloud cloud = cloud_with_intensity({{0, 0, 0}});
  const auto columns = select_columns(cloud, Names{"x", "intensity"});
  EXPECT_THAT(attention_feature_names(columns, {.heads = 1, .wavelength_count = 1}),
              ElementsAre("h0_offset_x", "h0_intensity", "h0_sin_x_w0", "h0_cos_x_w0",
                          "h0_sin_y_w0", "h0_cos_y_w0", "h0_sin_z_w0", "h0_cos_z_w0"));
  EXPECT_THAT(attention_feature_names(columns, {.heads = 2, .encode = false}),
              ElementsAre("h0_offset_x", "h0_intensity", "h1_offset_x", "h1_intensity"));
}

TEST(attention_features, translation_changes_nothing_beyond_rounding) {
  const auto positions = lopsided_points(300);
  auto moved = positions;
  for (Position& p : moved) p = {p[0] + 5e5, p[1] - 4e6, p[2] + 300};
  for (const ScoreKind scores : {ScoreKind::kGaussian, ScoreKind::kDot}) {
    for (const std::size_t neighbors : {0U, 16U}) {
      const AttentionFeatureOptions options{.neighbors = neighbors, .scores = scores};
      const Matrix here = clone(features_of(positions, {"xyz"}, options).values);
      const Matrix there = clone(features_of(moved, {"xyz"}, options).values);
      for (std::size_t i = 0; i < here.size(); ++i) {
        ASSERT_NEAR(here.values()[i], there.values()[i], 2e-5) << i;
      }
    }
  }
}

TEST(attention_features, bandwidth_follows_the_spacing) {
  std::vector<Position> line;
  for (int i = 0; i < 101; ++i) line.push_back({2.0 * i, 0, 0});
  // Two neighbours on each side: the farthest is 4 away, apart from the ends.
  EXPECT_EQ(median_spacing(line, 4), 4.0);
  EXPECT_EQ(longest_side(line), 200.0);
  EXPECT_EQ(features_of(line, {"xyz"}, {.neighbors = 5}).bandwidth, 2.0);
  EXPECT_THAT(features_of(line, {"xyz"}, {.neighbors = 5, .wavelength_count = 2}).wavelengths,
              ElementsAre(4.0, 32.0));
  EXPECT_EQ(features_of(line, {"xyz"}, {.neighbors = 0, .bandwidth = 1e-9}).bandwidth, 0.1);
}

TEST(attention_features, tiny_clouds_are_defined) {
  EXPECT_EQ(features_of({}, {"xyz"}, {}).values.rows(), 0U);
  for (const std::size_t neighbors : {0U, 32U}) {
    for (const ScoreKind scores : {ScoreKind::kGaussian, ScoreKind::kDot}) {
      const AttentionFeatureOptions options{
          .neighbors = neighbors, .scores = scores, .wavelength_count = 1};
      const Matrix one = clone(features_of({{5e6, 1, 2}}, {"xyz"}, options).values);
      EXPECT_THAT(one.values(), ElementsAre(0, 0, 0, 0, 1, 0, 1, 0, 1));
      const std::vector<Position> same(50, Position{5e6, 0.1, 3});
      const Matrix many = clone(features_of(same, {"intensity"}, options).values);
      for (const float v : many.values()) EXPECT_TRUE(std::isfinite(v));
    }
  }
  const std::vector<Position> apart{{0, 0, 0}, {1, 0, 0}, {1e150, 0, 0}};
  for (const double h : {1e-150, 1e150}) {
    const Matrix far = clone(features_of(apart, {"intensity"}, {.bandwidth = h}).values);
    for (const float v : far.values()) EXPECT_TRUE(std::isfinite(v)) << h;
  }
}

TEST(attention_features, same_bits_for_any_thread_count_and_progress_adds_up) {
  const auto positions = lopsided_points(5000);
  const PointCloud cloud = cloud_with_intensity(positions);
  const auto columns = select_columns(cloud, Names{"xyz", "intensity"});
  for (const std::size_t neighbors : {0U, 16U}) {
    std::size_t told = 0;
    const auto run = [&](int threads) {
      const ThreadLimit limit(threads);
      told = 0;
      return attention_features(positions, columns, all_of(positions.size()),
                                {.neighbors = neighbors, .wavelength_count = 1},
                                [&](std::size_t done, std::size_t total) {
                                  EXPECT_GT(done, told);
                                  EXPECT_EQ(total, positions.size());
                                  told = done;
                                });
    };
    const AttentionFeatures one = run(1);
    const AttentionFeatures eight = run(8);
    EXPECT_EQ(
        std::memcmp(one.values.data(), eight.values.data(), one.values.size() * sizeof(float)), 0);
    EXPECT_EQ(told, positions.size());
  }
}

TEST(attention_features, refuses_what_makes_no_sense) {
  const std::vector<Position> two{{0, 0, 0}, {1, 0, 0}};
  const double kInfinity = std::numeric_limits<double>::infinity();
  for (const AttentionFeatureOptions& bad :
       {AttentionFeatureOptions{.heads = 0}, AttentionFeatureOptions{.bandwidth = 0.0},
        AttentionFeatureOptions{.bandwidth = kInfinity},
        AttentionFeatureOptions{.bandwidth = 1e-300},
        AttentionFeatureOptions{.wavelengths = {{2.0, 1.0}}},
        AttentionFeatureOptions{.wavelengths = {{0.0, 1.0}}}}) {
    EXPECT_THROW((void)features_of(two, {"xyz"}, bad), Error);
  }
  EXPECT_THROW((void)attention_features(two, {}, all_of(2), {}), Error);
  const PointCloud cloud = cloud_of(two);
  const auto columns = select_columns(cloud, Names{"xyz"});
  EXPECT_THROW((void)attention_features(two, columns, all_of(1), {}), Error);
}

}  // namespace
}  // namespace ptattn::test
