#include "progress.hpp"

#include <gtest/gtest.h>

namespace ptattn::test {
namespace {

using namespace tools;

TEST(progress_text, says_rate_and_time_left) {
  EXPECT_EQ(progress_text(0, 40, 0.0), "0 of 40 clouds");
  EXPECT_EQ(progress_text(0, 100, 0.0, "%"), "0 %");
  EXPECT_EQ(progress_text(25, 100, 4.0, "%"), "25 %, 0:12 left");
  EXPECT_EQ(progress_text(10, 40, 4.0), "10 of 40 clouds, 2.50 a second, 0:12 left");
  EXPECT_EQ(progress_text(100, 1000, 1.0), "100 of 1000 clouds, 100 a second, 0:09 left");
  EXPECT_EQ(progress_text(1, 3, 3661.0), "1 of 3 clouds, 3661 s each, 2:02:02 left");
  EXPECT_EQ(progress_text(65536, 131072, 1.0, "points"),
            "65536 of 131072 points, 65536 a second, 0:01 left");
}

}  // namespace
}  // namespace ptattn::test
