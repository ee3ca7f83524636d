#include "ptattn/view/thinning.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "clouds.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using namespace view;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(thinning, small_clouds_are_whole) {
  const Selection all = select_points(line_of(5), 5);
  EXPECT_EQ(all.finite, 5U);
  EXPECT_THAT(all.indices, ElementsAre(0, 1, 2, 3, 4));
}

TEST(thinning, each_run_gives_one_point) {
  const std::size_t n = 100'003, most = 1'000;
  const Selection some = select_points(line_of(n), most);
  ASSERT_THAT(some.indices, SizeIs(most));
  for (std::size_t run = 0; run < most; ++run) {
    EXPECT_GE(some.indices[run], run * n / most);
    EXPECT_LT(some.indices[run], (run + 1) * n / most);
  }
  // Not always the same place of the run, or scan lines would beat.
  double sum = 0.0, squares = 0.0;
  for (std::size_t run = 0; run < most; ++run) {
    const double place =
        static_cast<double>(some.indices[run] - run * n / most) / (static_cast<double>(n) / most);
    sum += place;
    squares += place * place;
  }
  const double mean = sum / most;
  EXPECT_NEAR(mean, 0.5, 0.05);
  EXPECT_NEAR(squares / most - mean * mean, 1.0 / 12.0, 0.02);
}

TEST(thinning, the_same_choice_twice) {
  EXPECT_EQ(select_points(line_of(5000), 77).indices, select_points(line_of(5000), 77).indices);
}

TEST(thinning, skips_points_that_are_not_finite) {
  const PointCloud cloud = cloud_at(
      {{0, 0, 0}, {kNaN, 0, 0}, {1, 0, INFINITY}, {2, 0, 0}, {3, -INFINITY, 0}, {4, 0, 0}});
  const Selection all = select_points(cloud, 10);
  EXPECT_EQ(all.finite, 3U);
  EXPECT_THAT(all.indices, ElementsAre(0, 3, 5));
  EXPECT_THAT(select_points(cloud, 1).indices, SizeIs(1));
}

TEST(thinning, nothing_of_nothing) {
  EXPECT_THAT(select_points(line_of(0), 3).indices, IsEmpty());
  EXPECT_THAT(select_points(cloud_at({{kNaN, 0, 0}}), 3).indices, IsEmpty());
}

TEST(thinning, needs_coordinates) {
  PointCloud cloud(2);
  add_field<float>(cloud, "x", {0, 1});
  cloud.set_name("flat.ply");
  try {
    (void)select_points(cloud, 2);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kInput);
    EXPECT_STREQ(error.what(), "flat.ply: has no field y, expected x, y and z");
  }
}

TEST(local_points, keep_millimetres_of_a_national_grid) {
  const std::vector<Position> positions{{770'633.123, 6'277'535.456, 28.789},
                                        {770'633.125, 6'277'536.0, 29.0}};
  const Position origin = local_origin(positions);
  EXPECT_THAT(origin, ElementsAre(770'633.0, 6'277'535.0, 28.0));
  const auto local = local_points(positions, origin);
  EXPECT_NEAR(local[0][0], 0.123, 1e-6);
  EXPECT_NEAR(local[0][1], 0.456, 1e-6);
  EXPECT_NEAR(local[1][0] - local[0][0], 0.002, 1e-6);
}

}  // namespace
}  // namespace ptattn::test
