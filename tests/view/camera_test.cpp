// Directions, axes, and the camera that shows everything as large as possible.

#include "ptattn/view/camera.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using namespace view;
using testing::DoubleNear;
using testing::Each;
using testing::ElementsAre;

using Points = std::vector<std::array<float, 3>>;

testing::Matcher<Position> near(double x, double y, double z) {
  return ElementsAre(DoubleNear(x, 1e-12), DoubleNear(y, 1e-12), DoubleNear(z, 1e-12));
}

TEST(camera_axes, front_looks_along_y_with_x_to_the_right) {
  const Orientation axes = orientation_of(*preset_direction("front"), Axis::kZ);
  EXPECT_THAT(axes.right, near(1, 0, 0));
  EXPECT_THAT(axes.up, near(0, 0, 1));
  EXPECT_THAT(axes.to_eye, near(0, -1, 0));
}

TEST(camera_axes, top_looks_down_with_north_up) {
  const Orientation axes = orientation_of(*preset_direction("top"), Axis::kZ);
  EXPECT_THAT(axes.right, near(1, 0, 0));
  EXPECT_THAT(axes.up, near(0, 1, 0));
  EXPECT_THAT(axes.to_eye, near(0, 0, 1));
}

TEST(camera_axes, right_stands_at_positive_x) {
  EXPECT_THAT(orientation_of(*preset_direction("right"), Axis::kZ).to_eye, near(1, 0, 0));
  EXPECT_THAT(orientation_of(*preset_direction("left"), Axis::kZ).to_eye, near(-1, 0, 0));
  EXPECT_THAT(orientation_of(*preset_direction("back"), Axis::kZ).to_eye, near(0, 1, 0));
}

TEST(camera_axes, iso_sees_three_sides_alike) {
  const double third = 1.0 / std::sqrt(3.0);
  EXPECT_THAT(orientation_of(*preset_direction("iso"), Axis::kZ).to_eye,
              near(third, -third, third));
}

TEST(camera_axes, another_axis_may_point_up) {
  EXPECT_THAT(orientation_of({}, Axis::kY).up, near(0, 1, 0));
  EXPECT_THAT(orientation_of({}, Axis::kX).up, near(1, 0, 0));
  // Right-handed: right x up = towards the eye.
  for (const Axis up : {Axis::kX, Axis::kY, Axis::kZ}) {
    const auto [r, u, e] = orientation_of({25.0, 40.0}, up);
    EXPECT_THAT(
        (Position{r[1] * u[2] - r[2] * u[1], r[2] * u[0] - r[0] * u[2], r[0] * u[1] - r[1] * u[0]}),
        near(e[0], e[1], e[2]));
  }
}

TEST(camera_axes, unknown_names_are_none) {
  EXPECT_FALSE(preset_direction("above"));
  EXPECT_FALSE(preset_direction(""));
}

TEST(camera_choice, landscapes_from_higher_above) {
  EXPECT_GT(sensible_direction({14.0, 10.0, 3.0}).elevation,
            sensible_direction({0.3, 0.3, 0.5}).elevation);
}

/// The largest picture coordinates that the points reach.
std::array<double, 2> reach(const Camera& camera, double aspect, const Points& points) {
  std::array<double, 2> most{};
  for (const auto& p : points) {
    const auto at = projected(camera, aspect, p);
    EXPECT_TRUE(at) << "a point behind the eye";
    if (!at) continue;
    for (std::size_t i = 0; i < 2; ++i) most[i] = std::fmax(most[i], std::abs((*at)[i]));
  }
  return most;
}

TEST(camera_fit, shows_all_and_touches_the_margin) {
  Random random(3);
  Points points(500);
  for (auto& p : points) {
    p = {static_cast<float>(40.0 * random.uniform()), static_cast<float>(25.0 * random.uniform()),
         static_cast<float>(9.0 * random.uniform() + 100.0)};
  }
  for (const double aspect : {0.4, 1.0, 1.6, 5.0}) {
    for (const Direction direction : {Direction{0, 0}, {30, 38}, {77, 90}, {200, -20}}) {
      const Camera camera =
          fitting_camera(points, orientation_of(direction, Axis::kZ), aspect, 0.0, 0.05);
      const auto [x, y] = reach(camera, aspect, points);
      EXPECT_LE(std::fmax(x, y), 0.9 + 1e-6) << aspect << " " << direction.azimuth;
      EXPECT_GE(std::fmax(x, y), 0.9 - 1e-6) << aspect << " " << direction.azimuth;
    }
  }
}

// A square of side 2 seen from straight above, no margin: half the width over the tangent.
TEST(camera_fit, hand_computed_distance) {
  const Points square{{-1, -1, 0}, {1, -1, 0}, {-1, 1, 0}, {1, 1, 0}};
  const Camera camera = fitting_camera(square, orientation_of({0, 90}, Axis::kZ), 1.0, 0.0, 0.0);
  EXPECT_NEAR(camera.distance, 1.0 / std::tan(15.0 * 3.14159265358979 / 180.0), 1e-9);
  EXPECT_THAT(camera.target, Each(DoubleNear(0.0, 1e-9)));
  EXPECT_NEAR((*projected(camera, 1.0, {0.5F, -0.25F, 0}))[0], 0.5, 1e-9);
  EXPECT_NEAR((*projected(camera, 1.0, {0.5F, -0.25F, 0}))[1], -0.25, 1e-9);
}

TEST(camera_fit, one_point_is_in_the_middle) {
  const Camera camera = fitting_camera(Points{{3, 4, 5}}, orientation_of({30, 20}, Axis::kZ), 1.5);
  EXPECT_GT(camera.distance, 0.0);
  const auto at = projected(camera, 1.5, {3, 4, 5});
  ASSERT_TRUE(at);
  EXPECT_THAT(*at, Each(DoubleNear(0.0, 1e-6)));
}

}  // namespace
}  // namespace ptattn::test
