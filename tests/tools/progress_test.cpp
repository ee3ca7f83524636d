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

TEST(pace_line, says_what_ten_files_a_second_take) {
  EXPECT_EQ(
      pace_line({.files = 4, .seconds = 1.4, .processor_seconds = 2.48, .threads = 2}),
      "after the first 0.350 s a file, 0.620 s of the processor (2 threads); 10 files a second "
      "would keep 7 cores busy, or more");
  EXPECT_EQ(
      pace_line({.files = 2, .seconds = 0.02, .processor_seconds = 0.02, .threads = 1}),
      "after the first 0.010 s a file, 0.010 s of the processor (1 thread); 10 files a second "
      "would keep 1 core busy, or more");
}

}  // namespace
}  // namespace ptattn::test
