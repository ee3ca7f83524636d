// ptattn-segment on clouds that lie unusually, with the pretrained model.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "../sanitizers.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Frames : public ToolTest {
 protected:
  Frames() : ToolTest(PTATTN_SEGMENT) { link_models({"aerial"}); }

  /// The town, with its coordinates moved to the origin and changed by `change`.
  template <class Change>
  void put_town(const std::string& name, const Change& change) const {
    PointCloud town = read_cloud(PTATTN_TEST_DIR "/golden/aerial_town.ply");
    auto x = town.find("x")->values<double>();
    auto y = town.find("y")->values<double>();
    auto z = town.find("z")->values<double>();
    const Position first{x[0], y[0], z[0]};
    for (std::size_t i = 0; i < town.size(); ++i) {
      const Position p = change(Position{x[i] - first[0], y[i] - first[1], z[i] - first[2]});
      x[i] = p[0], y[i] = p[1], z[i] = p[2];
    }
    write_cloud(folder() / name, town);
  }
  [[nodiscard]] std::vector<std::uint32_t> labels(const std::string& name) const {
    const PointCloud cloud = read_cloud(folder() / name);
    const auto values = cloud.find("label")->values<std::uint32_t>();
    return {values.begin(), values.end()};
  }
  [[nodiscard]] static double share_alike(const std::vector<std::uint32_t>& a,
                                          const std::vector<std::uint32_t>& b) {
    std::size_t alike = 0;
    for (std::size_t i = 0; i < a.size(); ++i) alike += a[i] == b[i] ? 1 : 0;
    return static_cast<double>(alike) / static_cast<double>(a.size());
  }
  void expect_quiet(const std::vector<std::string>& arguments) const {
    const Finished finished = run_tool(arguments);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_EQ(lines_of(finished.err).size(), 1U) << finished.err;  // the summary
  }
};

Position same(const Position& p) {
  return p;
}

/// A file without the line that says which option was given.
std::string without_option(std::string text) {
  const std::size_t begin = text.find("comment ptattn option ");
  EXPECT_NE(begin, std::string::npos);
  return text.erase(begin, text.find('\n', begin) + 1 - begin);
}

TEST_F(Frames, any_axis_may_be_up_and_the_file_keeps_its_coordinates) {
  put_town("z.ply", same);
  expect_quiet({"z.ply", "-o", "z_out.ply"});
  for (const Axis up : {Axis::kY, Axis::kMinusY, Axis::kMinusZ}) {
    const std::string name(name_of(up));
    put_town("other.ply", [&](const Position& p) { return turned_from_upright(p, up); });
    EXPECT_THAT(run_tool({"other.ply", "-o", "wrong.ply"}).err,
                HasSubstr("seems to have " + name + " up instead of z, see --up " + name));
    ASSERT_EQ(run_tool({"other.ply", "-o", "named.ply", "--up", name}).exit_code, 0);
    const Finished found = run_tool({"other.ply", "-o", "found.ply", "--up", "auto"});
    EXPECT_THAT(found.err, HasSubstr("taken with " + name + " up"));
    EXPECT_EQ(without_option(get("named.ply")), without_option(get("found.ply")));
    EXPECT_EQ(labels("named.ply"), labels("z_out.ply"));
    EXPECT_LT(share_alike(labels("wrong.ply"), labels("z_out.ply")), 0.9);
    const PointCloud in = read_cloud(folder() / "other.ply");
    const PointCloud out = read_cloud(folder() / "named.ply");
    for (const char* const field : {"x", "y", "z"}) {
      EXPECT_TRUE(std::ranges::equal(in.find(field)->bytes(), out.find(field)->bytes()));
    }
  }
}

TEST_F(Frames, feet_are_noticed_and_taken) {
  put_town("m.ply", same);
  ASSERT_EQ(run_tool({"m.ply", "-o", "m_out.ply"}).exit_code, 0);
  put_town("ft.ply", [](Position p) {
    for (double& v : p) v /= 0.3048;
    return p;
  });
  EXPECT_THAT(run_tool({"ft.ply", "-o", "wrong.ply"}).err, HasSubstr("seem to be feet"));
  ASSERT_EQ(run_tool({"ft.ply", "-o", "named.ply", "--unit", "ft"}).exit_code, 0);
  EXPECT_GT(share_alike(labels("named.ply"), labels("m_out.ply")), 0.999);
  EXPECT_LT(share_alike(labels("wrong.ply"), labels("m_out.ply")), 0.99);
  EXPECT_THAT(run_tool({"ft.ply", "-o", "found.ply", "--unit", "auto"}).err,
              HasSubstr("taken in ft (coordinates are whole millimetres if they are feet)"));
  EXPECT_EQ(labels("found.ply"), labels("named.ply"));
}

TEST_F(Frames, stray_points_change_no_other_label_and_become_noise) {
  put_town("clean.ply", same);
  ASSERT_EQ(run_tool({"clean.ply", "-o", "clean_out.ply"}).exit_code, 0);
  std::size_t count = 0;
  put_town("stray.ply", [&](Position p) {
    ++count;
    if (count == 2) p[0] = 1e6;
    if (count == 3) p[2] = 5000.0;
    if (count == 4) p[2] = -5000.0;
    return p;
  });
  const Finished finished = run_tool({"stray.ply", "-o", "out.ply", "--format", "jsonl"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("points lie far from all others and are left out"));
  EXPECT_EQ(nlohmann::json::parse(finished.out).at("stray"), 3);
  EXPECT_GT(share_alike(labels("out.ply"), labels("clean_out.ply")), 0.999);
  const PointCloud out = read_cloud(folder() / "out.ply");
  for (const std::size_t i : {1U, 2U, 3U}) EXPECT_EQ(out.find("confidence")->as_double(i), 0.0);
  ASSERT_EQ(run_tool({"stray.ply", "-o", "out.las"}).exit_code, 0);
  const PointCloud las = read_cloud(folder() / "out.las");
  EXPECT_EQ(las.find("classification")->as_double(1), 7.0);
  EXPECT_EQ(las.find("classification")->as_double(2), 18.0);
  EXPECT_EQ(las.find("classification")->as_double(3), 7.0);
}

TEST_F(Frames, a_thinned_coast_is_told_below_the_density_of_the_model) {
  const PointCloud coast = read_cloud(PTATTN_SOURCE_DIR "/samples/scenes/aerial_coast.ply");
  const auto thin = [&](std::size_t step, const std::string& name) {
    PointCloud thinned(coast.size() / step);
    for (const char* const field : {"x", "y", "z"}) {
      auto to = thinned.add(field, FieldType::kFloat64).values<double>();
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = coast.find(field)->as_double(i * step);
    }
    write_cloud(folder() / name, thinned);
  };
  thin(1, "all.ply");
  EXPECT_THAT(run_tool({"all.ply", "-o", "out.ply"}).err, testing::Not(HasSubstr("points/m2")));
  thin(4, "thin.ply");
  EXPECT_THAT(run_tool({"thin.ply", "-o", "out.ply"}).err,
              HasSubstr("points/m2, the model was made for 0.3 and more"));
}

TEST_F(Frames, empty_space_costs_nothing) {
  std::string text =
      "ply\nformat ascii 1.0\nelement vertex 400\nproperty double x\nproperty double y\n"
      "property double z\nend_header\n";
  for (int i = 0; i < 400; ++i) {
    text += std::to_string(i % 20 * 1000) + " " + std::to_string(i / 20 * 1000) + " 0\n";
  }
  put("apart.ply", text);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(run_tool({"apart.ply", "-o", "out.ply"}).exit_code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5 * kSlowdown));
}

}  // namespace
}  // namespace ptattn::test
