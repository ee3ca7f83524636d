// ptattn-smooth --transfer on clouds that are read and written piece by piece.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "smooth_fixture.hpp"

namespace ptattn::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A cloud of several pieces, with a point without coordinates and some far from all others.
PointCloud large_sheet() {
  PointCloud cloud = noisy_sheet(20'000);
  const std::span<double> x = cloud.find("x")->values<double>();
  x[9'000] = kNaN;
  for (const std::size_t far : {3U, 12'345U, 19'999U}) x[far] += 500.0;
  return cloud;
}

class SmoothPieces : public Smooth {
 protected:
  /// Runs the same with little memory and with plenty; the bytes and the records must be the same.
  void expect_same(const std::string& input, const std::string& output,
                   const std::vector<std::string>& more) const {
    SCOPED_TRACE(input + " -> " + output);
    const auto run = [&](const std::string& memory) {
      std::vector<std::string> arguments{path(input), "-o",          path(output), "--memory",
                                         memory,      "--no-timing", "--format",   "jsonl"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      return smooth(arguments);
    };
    const Finished whole = run("4G");
    ASSERT_EQ(whole.exit_code, 0) << whole.err;
    EXPECT_THAT(whole.err, Not(HasSubstr("piece by piece")));
    const std::string bytes = ToolTest::get(output);
    const Finished pieces = run("1K");
    ASSERT_EQ(pieces.exit_code, 0) << pieces.err;
    EXPECT_THAT(pieces.err, HasSubstr("is read and written piece by piece"));
    EXPECT_EQ(pieces.out, whole.out);
    EXPECT_EQ(ToolTest::get(output) == bytes, true);
  }
};

TEST_F(SmoothPieces, write_the_bytes_of_the_whole_in_every_format) {
  const PointCloud full = large_sheet();
  Smooth::put("known.ply", chosen(full, random_rows(full.size(), 0.1)));
  const PointCloud bare = without(full, "label");
  for (const char* const name : {"in.ply", "in.pcd"}) Smooth::put(name, bare);
  Smooth::put("in.laz", without(noisy_sheet(120'000), "label"));  // of three chunks
  const std::vector<std::string> labels{"--transfer", "label", "--from", path("known.ply")};
  expect_same("in.ply", "out.ply", labels);
  expect_same("in.ply", "out.pcd", labels);
  expect_same("in.pcd", "out.ply", labels);
  expect_same("in.laz", "out.laz", labels);
  expect_same("in.laz", "out.las", labels);
}

TEST_F(SmoothPieces, are_the_same_for_classes_values_and_features) {
  const PointCloud full = large_sheet();
  Smooth::put("known.ply", chosen(full, random_rows(full.size(), 0.1)));
  Smooth::put("in.ply", without(full, "label"));
  for (const char* const threads : {"1", "2"}) {
    SCOPED_TRACE(threads);
    const std::vector<std::string> from{"--from", path("known.ply"), "--threads", threads};
    const auto with = [&](std::vector<std::string> more) {
      more.insert(more.end(), from.begin(), from.end());
      expect_same("in.ply", "out.ply", more);
    };
    with({"--transfer", "label", "--features", "intensity,time"});
    with({"--transfer", "intensity", "--field", "echo", "--numeric"});
    with({"--transfer", "label", "--radius", "0.01", "--unknown", "9"});
  }
}

TEST_F(SmoothPieces, of_another_place_leave_no_output) {
  Smooth::put("known.ply", noisy_sheet(2'000));
  PointCloud far = without(noisy_sheet(9'000), "label");
  for (double& x : far.find("x")->values<double>()) x += 5'000.0;
  Smooth::put("in.ply", far);
  const Finished finished = smooth({path("in.ply"), "-o", path("out.ply"), "--transfer", "label",
                                    "--from", path("known.ply"), "--memory", "1K"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, HasSubstr("which begins 4999 away, expected clouds of the same place"));
  EXPECT_FALSE(has("out.ply"));
}

TEST_F(SmoothPieces, are_not_made_where_the_whole_is_needed) {
  Smooth::put("known.ply", noisy_sheet(2'000));
  Smooth::put("in.ply", without(noisy_sheet(9'000), "label"));
  const Finished finished = smooth({path("in.ply"), "-o", path("out.laz"), "--transfer", "label",
                                    "--from", path("known.ply"), "--memory", "1K"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("cannot be carried over piece by piece: a LAS file of "));
  expect_usage_error({path("in.ply"), "-o", path("out.ply"), "--memory", "1G"},
                     "--memory: needs --transfer FIELD");
}

}  // namespace
}  // namespace ptattn::test
