// ptattn-features: the axis that points up, found or named.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "features_fixture.hpp"
#include "ptattn/cloud/orientation.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;

/// Fields with trees on them, whose smooth side is the lower one.
PointCloud fields_with_trees(Axis up) {
  std::vector<std::array<double, 3>> points;
  for (int i = 0; i < 3600; ++i) {
    const int column = i % 60;
    const int row = i / 60;
    const bool tree = i * 31 % 7 == 0;
    const double height = tree ? 2.0 + i * 17 % 9 : 0.05 * std::sin(0.3 * column);
    const Position p = turned_from_upright(Position{1.0 * column, 1.0 * row, height}, up);
    points.push_back({p[0], p[1], p[2]});
  }
  return cloud_of(points);
}

TEST_F(Features, geometry_finds_the_axis_that_points_up) {
  put("in.ply", fields_with_trees(Axis::kMinusY));
  features_quietly({"in.ply", "-o", "named.npy", "--up", "-y"});
  features_quietly({"in.ply", "-o", "as_z.npy"});
  const Finished found = features({"in.ply", "-o", "found.npy", "--up", "auto"});
  EXPECT_EQ(found.exit_code, 0);
  EXPECT_THAT(found.err, HasSubstr("in.ply: taken with -y up\n"));
  EXPECT_EQ(bytes("found.npy"), bytes("named.npy"));
  EXPECT_NE(bytes("found.npy"), bytes("as_z.npy"));
}

TEST_F(Features, models_of_objects_take_the_axis_of_the_highest_confidence) {
  put("in.ply", fields_with_trees(Axis::kX));
  const Arguments start{"in.ply", "--features", "model",      "--model",
                        "tiny",   "--layer",    "pt_last.sa1"};
  const Finished found = features(with(start, {"-o", "found.npy", "--up", "auto"}));
  EXPECT_EQ(found.exit_code, 0);
  std::size_t alike = 0;
  for (const Axis up : kAllAxes) {
    const std::string name(name_of(up));
    features_quietly(with(start, {"-o", "named.npy", "--up", name}));
    if (bytes("named.npy") != bytes("found.npy")) continue;
    ++alike;
    EXPECT_EQ(up != Axis::kZ, found.err.find("taken with " + name + " up") != std::string::npos);
  }
  EXPECT_EQ(alike, 1U);
}

}  // namespace
}  // namespace ptattn::test
