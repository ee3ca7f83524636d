#include "ptattn/cloud/orientation.hpp"

#include <gmock/gmock.h>

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

TEST(upright, up_axis_becomes_z) {
  EXPECT_THAT(upright({1, 2, 3}, Axis::kZ), ElementsAre(1, 2, 3));
  EXPECT_THAT(upright({1, 2, 3}, Axis::kY), ElementsAre(1, -3, 2));
  EXPECT_THAT(upright({1, 2, 3}, Axis::kX), ElementsAre(2, 3, 1));
  for (const Axis up : kAllAxes) {
    Position along{};
    along[coordinate_of(up)] = points_down(up) ? -1.0 : 1.0;
    EXPECT_THAT(upright(along, up), ElementsAre(0, 0, 1)) << name_of(up);
    EXPECT_THAT(turned_from_upright(upright({1, 2, 3}, up), up), ElementsAre(1, 2, 3));
  }
}

TEST(upright, is_a_rotation_not_a_mirror) {
  for (const Axis up : kAllAxes) {
    const Position a = upright({1, 0, 0}, up);
    const Position b = upright({0, 1, 0}, up);
    const Position c = upright({0, 0, 1}, up);
    const Position cross = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                            a[0] * b[1] - a[1] * b[0]};
    EXPECT_EQ(cross, c) << name_of(up);
  }
}

TEST(turn, undoes_upright) {
  for (const Axis up : kAllAxes) {
    const Position turned = upright({1, 2, 3}, up);
    Matrix points(1, 3);
    for (std::size_t axis = 0; axis < 3; ++axis) points(0, axis) = static_cast<float>(turned[axis]);
    turn(points, 0.0, up);
    EXPECT_THAT(points.values(), ElementsAre(1, 2, 3)) << name_of(up);
  }
}

TEST(turn, is_counter_clockwise_seen_from_above) {
  Matrix points(1, 3);
  points(0, 0) = 1;
  points(0, 1) = 0;
  points(0, 2) = 5;
  turn(points, 90.0, Axis::kZ);
  EXPECT_THAT(points.values(), ElementsAre(FloatNear(0, 1e-7F), FloatNear(1, 1e-7F), 5));
}

TEST(axis, has_a_name) {
  EXPECT_EQ(name_of(Axis::kX), "x");
  EXPECT_EQ(name_of(Axis::kY), "y");
  EXPECT_EQ(name_of(Axis::kZ), "z");
  EXPECT_EQ(name_of(Axis::kMinusY), "-y");
}

}  // namespace
}  // namespace ptattn::test
