#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {

/// Runs ptattn-smooth; clouds are named by their paths.
class Smooth : public ToolTest {
 protected:
  Smooth() : ToolTest(PTATTN_SMOOTH) {}

  [[nodiscard]] Finished smooth(std::vector<std::string> arguments) const {
    return run_tool(std::move(arguments));
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder() / name).string();
  }
  void put(const std::string& name, const PointCloud& cloud) const {
    write_cloud(path(name), cloud);
  }
  [[nodiscard]] PointCloud get(const std::string& name) const { return read_cloud(path(name)); }
  /// The output of a run that must go well.
  [[nodiscard]] PointCloud smoothed(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"-o", path("out.ply")});
    const Finished finished = smooth(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return get("out.ply");
  }
  void expect_refused(const std::vector<std::string>& arguments, int exit_code,
                      const std::string& line) const {
    expect_error(arguments, exit_code, line);
    EXPECT_FALSE(has("out.ply"));
  }
};

template <class T>
void add_field(PointCloud& cloud, const std::string& name, const std::vector<T>& values) {
  std::ranges::copy(values, cloud.add(name, field_type_of<T>()).template values<T>().begin());
}

inline PointCloud cloud_at(const std::vector<std::array<double, 3>>& points) {
  PointCloud cloud(points.size());
  const char* const names[] = {"x", "y", "z"};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    std::vector<double> values;
    for (const auto& p : points) values.push_back(p[axis]);
    add_field(cloud, names[axis], values);
  }
  return cloud;
}

/// A wavy sheet with noise, far from the origin, with fields of several types.
inline PointCloud noisy_sheet(std::size_t n) {
  Random random(7);
  std::vector<std::array<double, 3>> points(n);
  std::vector<std::uint16_t> intensity(n);
  std::vector<float> time(n);
  std::vector<std::uint8_t> label(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double x = random.uniform();
    const double y = random.uniform();
    points[i] = {652'381.0 + x, 6'862'047.0 + y,
                 0.1 * std::sin(4.0 * x) + 0.02 * (random.uniform() - 0.5)};
    intensity[i] = static_cast<std::uint16_t>(1000.0 * x + 100.0 * random.uniform());
    time[i] = static_cast<float>(i);
    label[i] = x < 0.5 ? 2 : 6;
  }
  PointCloud cloud = cloud_at(points);
  add_field(cloud, "intensity", intensity);
  add_field(cloud, "time", time);
  add_field(cloud, "label", label);
  return cloud;
}

inline void expect_same_field(const PointCloud& a, const PointCloud& b, const std::string& name) {
  ASSERT_NE(a.find(name), nullptr) << name;
  ASSERT_NE(b.find(name), nullptr) << name;
  EXPECT_EQ(a.find(name)->type(), b.find(name)->type()) << name;
  EXPECT_TRUE(std::ranges::equal(a.find(name)->bytes(), b.find(name)->bytes())) << name;
}

inline std::vector<std::string> names_of(const PointCloud& cloud) {
  std::vector<std::string> names;
  for (const Field& field : cloud.fields()) names.push_back(field.name());
  return names;
}

/// Everything of `cloud` but the field `name`.
inline PointCloud without(const PointCloud& cloud, const std::string& name) {
  PointCloud rest(cloud.size());
  for (const Field& field : cloud.fields()) {
    if (field.name() == name) continue;
    Field& copy = rest.add(field.name(), field.type(), field.count());
    std::ranges::copy(field.bytes(), copy.bytes().begin());
  }
  return rest;
}

/// Some of its points.
inline PointCloud chosen(const PointCloud& cloud, const std::vector<std::size_t>& rows) {
  PointCloud part(rows.size());
  for (const Field& field : cloud.fields()) {
    Field& copy = part.add(field.name(), field.type(), field.count());
    const std::size_t size = field.bytes_per_point();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::ranges::copy(field.bytes().subspan(rows[i] * size, size),
                        copy.bytes().begin() + static_cast<std::ptrdiff_t>(i * size));
    }
  }
  return part;
}

/// About that share of n rows, ascending.
inline std::vector<std::size_t> random_rows(std::size_t n, double share) {
  Random random(11);
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < n; ++i) {
    if (random.uniform() < share) rows.push_back(i);
  }
  return rows;
}

}  // namespace ptattn::test
