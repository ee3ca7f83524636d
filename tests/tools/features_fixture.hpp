#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {

using Arguments = std::vector<std::string>;

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Points with doubles as coordinates and fields of other kinds.
inline PointCloud cloud_of(const std::vector<std::array<double, 3>>& points) {
  PointCloud cloud(points.size());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto values =
        cloud.add(std::string(1, "xyz"[axis]), FieldType::kFloat64).values<double>();
    for (std::size_t i = 0; i < points.size(); ++i) values[i] = points[i][axis];
  }
  const auto intensity = cloud.add("intensity", FieldType::kUInt16).values<std::uint16_t>();
  const auto red = cloud.add("red", FieldType::kUInt8).values<std::uint8_t>();
  for (std::size_t i = 0; i < points.size(); ++i) {
    intensity[i] = static_cast<std::uint16_t>(100 + 7 * i);
    red[i] = static_cast<std::uint8_t>(i);
  }
  return cloud;
}

inline const std::vector<std::array<double, 3>> kSquare{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}};

/// A wavy sheet of 20 x 20 points, the first of them a hole.
inline std::vector<std::array<double, 3>> sheet() {
  std::vector<std::array<double, 3>> points{{kNaN, 0, 0}};
  for (int i = 0; i < 400; ++i) {
    const double x = 0.1 * (i % 20);
    const double y = 0.1 * (i / 20) + 1e-3 * x;
    points.push_back({x, y, 0.3 * std::sin(2 * x) + 0.1 * std::cos(5 * y)});
  }
  return points;
}

inline std::vector<std::string> names_of(const PointCloud& cloud) {
  std::vector<std::string> names;
  for (const Field& field : cloud.fields()) names.push_back(field.name());
  return names;
}

/// Runs ptattn-features; clouds are put and got by their names.
class Features : public ToolTest {
 protected:
  Features() : ToolTest(PTATTN_FEATURES) {}

  [[nodiscard]] Finished features(Arguments arguments) const {
    return run_tool(std::move(arguments));
  }
  /// A run that must go well and say nothing on standard error.
  void features_quietly(Arguments arguments) const {
    arguments.emplace_back("-q");
    const Finished finished = features(arguments);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_THAT(finished.out, testing::HasSubstr(" channels\n"));
    EXPECT_EQ(finished.err, "");
  }
  void put(const std::string& name, const PointCloud& cloud) const {
    write_cloud(folder() / name, cloud);
  }
  [[nodiscard]] PointCloud get(const std::string& name) const {
    return read_cloud(folder() / name);
  }
  [[nodiscard]] std::string bytes(const std::string& name) const {
    return read_file(folder() / name);
  }
  [[nodiscard]] bool exists(const std::string& name) const { return has(name); }
};

/// The command lines of every kind of features, short of the output.
inline const std::vector<Arguments> kKinds{
    {"in.ply", "--neighbors", "8,16", "--radius", "0.3"},
    {"in.ply", "--features", "encoding", "--channels", "12", "--wavelengths", "0.2:4"},
    {"in.ply", "--features", "attention", "--bandwidth", "0.1", "--wavelengths", "0.2:1",
     "--inputs", "xyz,intensity", "--neighbors", "12", "--heads", "2"},
    {"in.ply", "--features", "attention", "--global", "--scores", "dot", "--wavelengths", "0.2:1"},
    {"in.ply", "--features", "model", "--model", "tiny", "--layer", "pt_last.sa1"}};

inline Arguments with(Arguments arguments, const Arguments& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace ptattn::test
