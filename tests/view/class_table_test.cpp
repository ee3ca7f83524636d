#include "ptattn/view/class_table.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "ptattn/cloud/field_meaning.hpp"

namespace ptattn::test {
namespace {

using namespace view;
using testing::ElementsAre;

TEST(class_table, asprs_codes) {
  EXPECT_EQ(asprs_classes()[2].name, "ground");
  EXPECT_EQ(asprs_classes()[6].name, "building");
  EXPECT_EQ(asprs_classes()[9].name, "water");
  EXPECT_EQ(asprs_classes()[17].name, "bridge");
  EXPECT_TRUE(asprs_classes().knows(18));
  EXPECT_FALSE(asprs_classes().knows(19));
}

TEST(class_table, points_without_a_class_are_grey_and_called_none) {
  EXPECT_EQ(asprs_classes()[kNoClass].name, "none");
  EXPECT_THAT(ClassTable()[kNoClass].color, ElementsAre(128, 128, 128));
}

TEST(class_table, classes_of_one_meaning_have_one_colour) {
  const std::array<std::string, 3> names{"building", "vegetation", "car"};
  const std::array<Rgb, 3> palette{{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}};
  const ClassTable table = model_classes(names, palette);
  EXPECT_EQ(table[0].color, asprs_classes()[6].color);
  EXPECT_EQ(table[1].color, asprs_classes()[4].color);
  EXPECT_THAT(table[2].color, ElementsAre(7, 8, 9));
}

using Vector = std::array<double, 3>;
using Rows = std::array<Vector, 3>;

Vector times(const Rows& m, const Vector& v) {
  Vector product{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) product[i] += m[i][j] * v[j];
  }
  return product;
}

/// CIE L*a*b* of linear sRGB, white D65.
Vector lab(const Vector& linear) {
  constexpr Rows kToXyz{
      {{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}};
  Vector clamped = linear;
  for (double& v : clamped) v = std::clamp(v, 0.0, 1.0);
  Vector f = times(kToXyz, clamped);
  f[0] /= 0.95047;
  f[2] /= 1.08883;
  for (double& v : f) v = v > 0.008856 ? std::cbrt(v) : 7.787 * v + 16.0 / 116.0;
  return {116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])};
}

/// The smallest difference (CIE 1976) that people with all cones, without red ones and without
/// green ones see, after Machado et al. 2009, "A physiologically-based model for simulation of
/// color vision deficiency", severity 1.
double seen_difference(const Rgb& a, const Rgb& b) {
  constexpr std::array<Rows, 3> kEyes{{{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
                                       {{{0.152286, 1.052583, -0.204868},
                                         {0.114503, 0.786281, 0.099216},
                                         {-0.003882, -0.048116, 1.051998}}},
                                       {{{0.367322, 0.860646, -0.227968},
                                         {0.280085, 0.672501, 0.047413},
                                         {-0.011820, 0.042940, 0.968881}}}}};
  const auto linear = [](const Rgb& c) {
    Vector v{};
    for (std::size_t i = 0; i < 3; ++i) {
      const double s = c[i] / 255.0;
      v[i] = s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
    }
    return v;
  };
  double least = 1e9;
  for (const Rows& eye : kEyes) {
    const Vector x = lab(times(eye, linear(a)));
    const Vector y = lab(times(eye, linear(b)));
    least = std::min(least, std::hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]));
  }
  return least;
}

TEST(class_table, frequent_classes_differ_for_the_colour_blind) {
  // A difference of 2.3 is just noticeable; brown, green and red of equal brightness are at 7 to 8.
  ASSERT_LT(seen_difference({160, 120, 80}, {40, 140, 50}), 8.0);
  constexpr std::array<std::int64_t, 8> kCodes{1, 2, 3, 4, 5, 6, 9, 17};
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const ClassStyle a = asprs_classes()[kCodes[i]];
      const ClassStyle b = asprs_classes()[kCodes[j]];
      EXPECT_GT(seen_difference(a.color, b.color), 18.0) << a.name << ", " << b.name;
    }
  }
  for (std::int64_t i = 0; i < 8; ++i) {
    for (std::int64_t j = 0; j < i; ++j) {
      EXPECT_GT(seen_difference(ClassTable()[i].color, ClassTable()[j].color), 16.0)
          << i << " " << j;
    }
  }
}

TEST(class_table, model_classes_have_the_models_colours) {
  const std::array<std::string, 2> names{"leg", "seat"};
  const std::array<Rgb, 2> palette{{{1, 2, 3}, {4, 5, 6}}};
  const ClassTable table = model_classes(names, palette);
  EXPECT_EQ(table[1].name, "seat");
  EXPECT_THAT(table[1].color, ElementsAre(4, 5, 6));
}

TEST(class_table, unknown_labels_have_colours_of_their_own) {
  const ClassTable table;
  EXPECT_EQ(table[17].name, "class 17");
  std::set<Rgb> colors;
  for (int code = -1; code < 40; ++code) colors.insert(table[code].color);
  EXPECT_EQ(colors.size(), 41U);
}

TEST(class_table, classification_holds_asprs_codes) {
  EXPECT_TRUE(names_asprs_codes("classification"));
  EXPECT_TRUE(names_asprs_codes("scalar_Classification"));
  EXPECT_FALSE(names_asprs_codes("label"));
}

}  // namespace
}  // namespace ptattn::test
