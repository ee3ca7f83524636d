#include "ptattn/tasks/geometry/flat_hint.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ptattn::test {
namespace {

TEST(flat_hint, names_the_dimensions_that_are_missing) {
  EXPECT_EQ(flat_hint(std::vector<Position>{{0, 0, 5}, {1, 2, 5}})->text,
            "all points have the same z: is a dimension missing?");
  EXPECT_EQ(flat_hint(std::vector<Position>{{3, 0, 0}, {3, 0, 7}})->text,
            "all points have the same x and y: is a dimension missing?");
  EXPECT_FALSE(flat_hint(std::vector<Position>{{0, 0, 0}, {1, 2, 1e-9}}));
  EXPECT_FALSE(flat_hint(std::vector<Position>{{3, 2, 1}, {3, 2, 1}}));
  EXPECT_FALSE(flat_hint({}));
}

}  // namespace
}  // namespace ptattn::test
