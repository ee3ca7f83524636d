#include "ptattn/tasks/features/encoding_features.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ptattn/core/error.hpp"
#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

TEST(encoding_features, by_hand) {
  // From the mean the points lie at -1 and 1: a quarter of the wavelength.
  const std::vector<Position> two{{5e6, 0, 7}, {5e6 + 2, 0, 7}};
  const EncodingFeatures features =
      encoding_features(two, {.wavelength_count = 1, .wavelengths = {{4.0, 4.0}}});
  const std::vector<float> expected{-1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(features.values.values()[i], expected[i], 1e-6) << i;
  }
  // From the origin of the coordinates: 5e6 is a multiple of 4, and 7 is 2 - 1/4 wavelengths.
  const EncodingFeatures absolute = encoding_features(
      two, {.wavelength_count = 1, .wavelengths = {{4.0, 4.0}}, .origin = Position{}});
  EXPECT_NEAR(absolute.values(0, 1), 1.0F, 1e-6);
  EXPECT_NEAR(absolute.values(1, 1), -1.0F, 1e-6);
  EXPECT_NEAR(absolute.values(0, 4), -1.0F, 1e-6);
}

TEST(encoding_features, names_follow_the_columns) {
  EXPECT_THAT(encoding_feature_names(1),
              ElementsAre("sin_x_w0", "cos_x_w0", "sin_y_w0", "cos_y_w0", "sin_z_w0", "cos_z_w0"));
  const auto names = encoding_feature_names(3);
  EXPECT_EQ(names.size(), 18U);
  EXPECT_EQ(names[5], "cos_x_w2");
  EXPECT_EQ(names[6], "sin_y_w0");
}

TEST(encoding_features, wavelengths_follow_the_cloud) {
  std::vector<Position> line;
  for (int i = 0; i < 101; ++i) line.push_back({0.5 * i, 0, 0});
  // Four neighbours on each side: the eighth is 2 away. The line is 50 long.
  const auto wavelengths = encoding_features(line, {.wavelength_count = 2}).wavelengths;
  EXPECT_THAT(wavelengths, ElementsAre(8.0, 100.0));
}

TEST(encoding_features, tiny_clouds_are_defined) {
  EXPECT_EQ(encoding_features({}, {}).values.rows(), 0U);
  const std::vector<Position> one{{3, 4, 5}};
  EXPECT_THAT(encoding_features(one, {.wavelength_count = 1}).values.values(),
              ElementsAre(0, 1, 0, 1, 0, 1));
  const std::vector<Position> pairs{{0, 0, 0}, {0, 0, 0}, {1, 0, 0}, {1, 0, 0}};
  const auto of_pairs = encoding_features(pairs, {});
  EXPECT_FALSE(of_pairs.values.values().empty());
  for (const float v : of_pairs.values.values()) EXPECT_TRUE(std::isfinite(v));
}

TEST(encoding_features, refuses_wavelengths_that_are_none) {
  const auto points = lopsided_points(20);
  const double kNaN = std::numeric_limits<double>::quiet_NaN();
  for (const WavelengthRange& bad : {WavelengthRange{0, 1}, WavelengthRange{2, 1},
                                     WavelengthRange{kNaN, 1}, WavelengthRange{1, 1e200}}) {
    EXPECT_THROW((void)encoding_features(points, {.wavelengths = bad}), Error);
  }
}

}  // namespace
}  // namespace ptattn::test
