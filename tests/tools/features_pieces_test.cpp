// ptattn-features on clouds that are described piece by piece.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <thread>

#include "features_fixture.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

/// A survey of 150 x 100 m on a grid of centimetres, in which many distances are equal: a dense
/// half, a sparse one, a small group far from both, points that coincide, holes and a stray.
PointCloud survey() {
  Random random(5);
  std::vector<std::array<double, 3>> points;
  const auto on_grid = [](double x) { return std::round(100.0 * x) / 100.0; };
  const auto add = [&](double x, double y) {
    const double z = 3.0 * std::sin(0.1 * x) + 0.2 * random.uniform();
    points.push_back({652'000.0 + on_grid(x), 6'862'000.0 + on_grid(y), on_grid(z)});
  };
  for (int i = 0; i < 4'000; ++i) add(75.0 * random.uniform(), 100.0 * random.uniform());
  for (int i = 0; i < 500; ++i) add(75.0 + 75.0 * random.uniform(), 100.0 * random.uniform());
  for (int i = 0; i < 9; ++i) add(250.0 + random.uniform(), 40.0 + random.uniform());
  for (int i = 0; i < 200; ++i) points[21 * i] = points[17];
  points[100][1] = points[4'200][2] = kNaN;
  points.push_back({652'000.0, 6'862'000.0, 99'999.0});
  return cloud_of(points);
}

class FeaturesPieces : public Features {
 protected:
  FeaturesPieces() { put("in.ply", survey()); }

  /// Runs the same with much memory and with little; the bytes and the records must be the same.
  void expect_same(const std::string& input, const std::string& output,
                   const Arguments& more = {}) const {
    SCOPED_TRACE(input + " -> " + output + " " + testing::PrintToString(more));
    const auto run = [&](const std::string& memory) {
      return features(with(
          {input, "-o", output, "--memory", memory, "--no-timing", "--format", "jsonl"}, more));
    };
    const Finished whole = run("4G");
    ASSERT_EQ(whole.exit_code, 0) << whole.err;
    EXPECT_THAT(whole.err, Not(HasSubstr(", with up to ")));
    const std::string expected = bytes(output);
    const Finished pieces = run("150K");
    ASSERT_EQ(pieces.exit_code, 0) << pieces.err;
    EXPECT_THAT(pieces.err, HasSubstr(", with up to "));
    EXPECT_EQ(pieces.out, whole.out);
    EXPECT_EQ(bytes(output) == expected, true);
    EXPECT_FALSE(has(output + ".scratch")) << "the scratch folder goes";
  }
};

TEST_F(FeaturesPieces, have_the_bytes_of_the_whole_in_every_format) {
  for (const char* const output : {"out.ply", "out.pcd", "out.npy", "out.safetensors"}) {
    expect_same("in.ply", output);
  }
  expect_same("in.ply", "out.ply", {"--colorize"});
  PointCloud cloud = survey();
  for (double& x : cloud.fields()[1].values<double>()) x = std::isnan(x) ? 6'862'000.0 : x;
  for (double& x : cloud.fields()[2].values<double>()) x = std::isnan(x) ? 0.0 : x;
  put("in.laz", cloud);
  expect_same("in.laz", "out.laz", {"--neighbors", "10"});
}

TEST_F(FeaturesPieces, have_the_bytes_of_the_whole_for_any_scale_axis_and_thread_count) {
  expect_same("in.ply", "out.ply", {"--neighbors", "200,5", "--threads", "1"});
  expect_same("in.ply", "out.ply", {"--neighbors", "200,5", "--threads", "2"});
  expect_same("in.ply", "out.ply", {"--radius", "0.5,4"});
  expect_same("in.ply", "out.ply", {"--radius", "20", "--neighbors", "8", "--up", "y"});
  expect_same("in.ply", "out.ply", {"--radius", "0.001"});
}

TEST_F(FeaturesPieces, of_more_neighbours_than_there_are_points_are_those_of_the_whole) {
  Random random(3);
  std::vector<std::array<double, 3>> points(1'000);
  for (auto& p : points) p = {random.uniform(), random.uniform(), random.uniform()};
  put("few.ply", cloud_of(points));
  expect_same("few.ply", "out.ply", {"--neighbors", "4000"});
  for (auto& p : points) p = {0.0, 0.0, random.uniform()};
  put("line.ply", cloud_of(points));
  expect_same("line.ply", "out.ply");
}

TEST_F(FeaturesPieces, go_on_from_finished_tiles) {
  const Arguments arguments{"in.ply", "-o", "out.ply", "--memory", "150K", "--out-of-core"};
  ASSERT_EQ(features(arguments).exit_code, 0);
  const std::string expected = bytes("out.ply");
  fs::remove(folder() / "out.ply");
  {
    Process process(command(arguments));
    while (process.running() && !has("out.ply.scratch/labels-2")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    process.signal(SIGKILL);
    (void)process.wait();
  }
  ASSERT_TRUE(has("out.ply.scratch/plan.json"));
  EXPECT_FALSE(has("out.ply"));
  const Finished resumed = features(with(arguments, {"--resume"}));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, Not(HasSubstr(", with up to "))) << "the plan stands";
  EXPECT_EQ(bytes("out.ply") == expected, true);
  EXPECT_FALSE(has("out.ply.scratch"));
}

TEST_F(FeaturesPieces, are_made_of_geometry_alone) {
  expect_usage_error({"in.ply", "-o", "o.ply", "--features", "encoding", "--out-of-core"},
                     "--out-of-core: cannot be used with --features encoding, see --help");
  expect_usage_error({"in.ply", "-o", "o.ply", "--features", "attention", "--memory", "1G"},
                     "--memory: cannot be used with --features attention, see --help");
  ToolTest::put("text.ply", ply_text({{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}));
  const Finished text = features({"text.ply", "-o", "o.ply", "--out-of-core"});
  EXPECT_EQ(text.exit_code, 2);
  EXPECT_THAT(text.err, HasSubstr("it is read as a whole (text"));
}

}  // namespace
}  // namespace ptattn::test
