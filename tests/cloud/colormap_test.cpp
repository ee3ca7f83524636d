#include "ptattn/cloud/colormap.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <vector>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Brightness as the formula of Green 2011 weighs the channels.
double brightness(const Rgb& c) {
  return 0.30 * c[0] + 0.59 * c[1] + 0.11 * c[2];
}

TEST(colormap, hand_computed) {
  // f = 0.4: phi = 2 pi (0.2 - 0.36) = -0.32 pi, a = 1.8 x 0.4 x 0.6 / 2 = 0.216,
  // cos = 0.535827, sin = -0.844328: (0.4 - 0.34233, 0.4 + 0.13150, 0.4 + 0.22835).
  const Rgb c = color_of((0.4 - 0.15) / 0.77);
  EXPECT_EQ(c, (Rgb{15, 136, 160}));
}

TEST(colormap, gets_brighter_all_the_way) {
  double before = -1.0;
  for (int i = 0; i <= 32; ++i) {
    const double now = brightness(color_of(i / 32.0));
    EXPECT_GT(now, before) << i;
    before = now;
  }
  EXPECT_LT(brightness(color_of(0.0)), 50.0);
  EXPECT_GT(brightness(color_of(1.0)), 200.0);
}

TEST(colormap, clamps_and_knows_nan) {
  EXPECT_EQ(color_of(-3.0), color_of(0.0));
  EXPECT_EQ(color_of(7.0), color_of(1.0));
  EXPECT_EQ(color_of(kInfinity), color_of(1.0));
  EXPECT_EQ(color_of(std::nan("")), (Rgb{128, 128, 128}));
}

TEST(colormap, colours_are_those_of_the_range) {
  const std::vector<float> values{2.0F, 4.0F, 3.0F, 1.0F, 9.0F, kNan};
  EXPECT_THAT(colors_of(values, {2.0, 4.0}),
              ElementsAre(color_of(0.0), color_of(1.0), color_of(0.5), color_of(0.0), color_of(1.0),
                          color_of(std::nan(""))));
  EXPECT_TRUE(colors_of({}, {0.0, 1.0}).empty());
}

TEST(color_range, ends_at_a_percentile) {
  std::vector<float> values(100);
  for (std::size_t i = 0; i < 100; ++i) values[i] = static_cast<float>((i * 37 + 1) % 100 + 1);
  EXPECT_THAT(range_up_to(values, 100).high, DoubleEq(100.0));
  EXPECT_THAT(range_up_to(values, 99).high, DoubleEq(99.0));
  EXPECT_THAT(range_up_to(values, 98.5).high, DoubleEq(99.0));
  EXPECT_THAT(range_up_to(values, 50).high, DoubleEq(50.0));
  EXPECT_THAT(range_up_to(values, 0.001).high, DoubleEq(1.0));
  EXPECT_THAT(range_up_to(values, 50, -2.0).low, DoubleEq(-2.0));
  EXPECT_THAT(range_up_to(values, 50, 60.0).high, DoubleEq(80.0));
  values.resize(10'000, 0.0F);  // what gets nothing does not count
  EXPECT_THAT(range_up_to(values, 99).high, DoubleEq(99.0));
}

TEST(color_range, is_never_empty) {
  for (const std::vector<float>& values :
       {std::vector<float>{}, {kNan, kInfinity}, {0.0F, 0.0F}, {-1.0F}}) {
    const ColorRange range = range_up_to(values, 99);
    EXPECT_EQ(range.low, 0.0);
    EXPECT_EQ(range.high, 1.0);
  }
}

TEST(color_range, refuses_what_is_no_percentage) {
  for (const double percent : {0.0, -1.0, 100.5, std::nan("")}) {
    EXPECT_THROW((void)range_up_to({}, percent), Error) << percent;
  }
}

}  // namespace
}  // namespace ptattn::test
