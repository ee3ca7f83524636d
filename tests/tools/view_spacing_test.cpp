// How large points must be to close surfaces.

#include "view/spacing.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using namespace tools;
using Points = std::vector<std::array<float, 3>>;

/// A plane of rows, `along` from point to point and `across` from row to row.
Points rows(std::size_t side, float along, float across) {
  Points points;
  for (std::size_t row = 0; row < side; ++row) {
    const auto per_row = static_cast<std::size_t>(static_cast<float>(side) * across / along);
    for (std::size_t i = 0; i < per_row; ++i) {
      points.push_back({static_cast<float>(i) * along, static_cast<float>(row) * across, 0.0F});
    }
  }
  return points;
}

TEST(covering_diameter, closes_a_square_grid) {
  const double diameter = covering_diameter(rows(60, 1.0F, 1.0F));
  EXPECT_GE(diameter, std::sqrt(2.0));
  EXPECT_LT(diameter, 1.8);
}

TEST(covering_diameter, closes_scan_lines) {
  for (const float ratio : {2.0F, 5.0F, 10.0F}) {
    const double diameter = covering_diameter(rows(60, 1.0F / ratio, 1.0F));
    EXPECT_GE(diameter, std::hypot(1.0, 1.0 / ratio)) << ratio;
    EXPECT_LT(diameter, 1.8) << ratio;
  }
}

TEST(covering_diameter, of_many_points_is_that_of_a_part) {
  const Points few = rows(60, 0.2F, 1.0F);
  const Points many = rows(300, 0.2F, 1.0F);  // 450 000
  ASSERT_GT(many.size(), 400'000U);
  EXPECT_NEAR(covering_diameter(many), covering_diameter(few), 0.05);
}

TEST(covering_diameter, shrinks_with_the_distance_of_points_on_a_surface) {
  const auto sphere = [](std::size_t n) {
    Random random(2);
    Points points(n);
    for (auto& p : points) {
      const double z = 2.0 * random.uniform() - 1.0, a = 6.283185 * random.uniform();
      const double r = std::sqrt(1.0 - z * z);
      p = {static_cast<float>(r * std::cos(a)), static_cast<float>(r * std::sin(a)),
           static_cast<float>(z)};
    }
    return points;
  };
  EXPECT_NEAR(covering_diameter(sphere(40'000)) / covering_diameter(sphere(10'000)), 0.5, 0.05);
  // A sphere of 10 000 random points is covered to more than three quarters:
  // 1 - exp(-density pi d^2 / 4).
  const double d = covering_diameter(sphere(10'000));
  EXPECT_GT(1.0 - std::exp(-10'000 / (4.0 * 3.14159265) * 0.785398 * d * d), 0.75);
}

TEST(covering_diameter, is_limited_by_the_extent) {
  EXPECT_DOUBLE_EQ(covering_diameter(Points{{0, 0, 0}, {14, 0, 0}}), 0.5);
  EXPECT_GT(covering_diameter(Points{{1, 1, 1}}), 0.0);
  EXPECT_GT(covering_diameter(Points(50, {1, 1, 1})), 0.0);
}

}  // namespace
}  // namespace ptattn::test
