// ptattn-info as a user meets it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kTown = PTATTN_TEST_DIR "/golden/aerial_town.ply";
const std::string kChair = PTATTN_SOURCE_DIR "/samples/clouds/chair_coloured.ply";

class Info : public ToolTest {
 protected:
  Info() : ToolTest(PTATTN_INFO) { link_models({"aerial", "pct-modelnet40"}); }

  [[nodiscard]] json record(const std::string& path) const {
    const Finished finished = run_tool({path, "--format", "json"});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return json::parse(finished.out).at(0);
  }
  [[nodiscard]] static std::vector<std::string> codes(const json& of) {
    std::vector<std::string> found;
    for (const json& warning : of.at("warnings")) found.push_back(warning.at("code"));
    return found;
  }
};

TEST_F(Info, help_and_version_are_known) {
  expect_known_help_and_version();
}

TEST_F(Info, models_are_listed) {
  const Finished finished = run_tool({"--list-models"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, testing::AllOf(HasSubstr("aerial  "), HasSubstr("pct-modelnet40  ")));
}

TEST_F(Info, a_town_is_a_scene_for_the_aerial_model) {
  const json town = record(kTown);
  EXPECT_EQ(town.at("kind"), "scene");
  EXPECT_EQ(town.at("model"), "aerial");
  EXPECT_EQ(town.at("command"), "ptattn-segment " + kTown + " -o aerial_town_labelled.ply");
  EXPECT_EQ(town.at("up"), "z");
  EXPECT_EQ(town.at("unit"), "m");
  EXPECT_EQ(town.at("stray"), 0);
  EXPECT_THAT(codes(town), IsEmpty());
  EXPECT_TRUE(town.at("models").at("aerial").at("fits"));
  EXPECT_FALSE(town.at("models").at("pct-modelnet40").at("fits"));
  const json& field = town.at("fields").at(0);
  EXPECT_EQ(field.at("name"), "x");
  EXPECT_EQ(field.at("type"), "float64");
  EXPECT_EQ(field.at("meaning"), "coordinate");
  EXPECT_LT(field.at("low"), field.at("high"));
}

TEST_F(Info, the_command_suits_clouds_that_are_labelled_and_files_that_are_not_written) {
  PointCloud town = read_cloud(kTown);
  town.metadata().comments.emplace_back("ptattn made by ptattn-segment 0.1.0");
  write_cloud(folder() / "a.ply", town);
  EXPECT_EQ(record("a.ply").at("command"), "ptattn-segment a.ply -o a_labelled.ply --replace");
  fs::copy_file(kTown, folder() / "a.ply.gz");  // the content decides
  EXPECT_EQ(record("a.ply.gz").at("command"), "ptattn-segment a.ply.gz -o a_labelled.ply");
  fs::copy_file(kTown, folder() / "tile");
  EXPECT_EQ(record("tile").at("command"), "ptattn-segment tile -o tile_labelled.ply");
}

TEST_F(Info, a_chair_is_an_object_for_the_classifier) {
  const json chair = record(kChair);
  EXPECT_EQ(chair.at("kind"), "object");
  EXPECT_EQ(chair.at("model"), "pct-modelnet40");
  EXPECT_EQ(chair.at("command"), "ptattn-classify " + kChair + " --up auto");
  EXPECT_TRUE(chair.at("up").is_null());
  EXPECT_THAT(codes(chair), IsEmpty());
}

TEST_F(Info, which_side_of_an_object_is_up_is_not_guessed_from_ground_that_it_does_not_have) {
  const std::string bed = PTATTN_SOURCE_DIR "/samples/clouds/bed.pcd";  // smoother above than below
  EXPECT_TRUE(record(bed).at("up").is_null());
  EXPECT_THAT(run_tool({bed}).out, HasSubstr("  up       not known of an object: --up auto tries"));
}

TEST_F(Info, few_points_are_a_scene_where_a_model_of_scenes_or_their_coordinates_say_so) {
  const auto kind_of = [&](double offset, const std::vector<std::string>& comments) {
    PointCloud cloud(900);
    cloud.metadata().comments = comments;
    for (const char* const name : {"x", "y", "z"}) cloud.add(name, FieldType::kFloat64);
    for (std::size_t i = 0; i < cloud.size(); ++i) {
      cloud.find("x")->values<double>()[i] = offset + 3.0 * static_cast<double>(i % 30);
      cloud.find("y")->values<double>()[i] = 10.0 * offset + 3.0 * static_cast<double>(i / 30);
      cloud.find("z")->values<double>()[i] = 0.1 * static_cast<double>(i % 7);
    }
    write_cloud(folder() / "a.ply", cloud);
    return record("a.ply").at("kind").get<std::string>();
  };
  EXPECT_EQ(kind_of(0.0, {}), "object");
  EXPECT_EQ(kind_of(650'000.0, {}), "scene");
  const std::string segment = "ptattn made by ptattn-segment 0.1.0";
  EXPECT_EQ(kind_of(0.0, {segment, "ptattn model - aerial"}), "scene");
  EXPECT_EQ(kind_of(0.0, {segment, "ptattn model - gone"}), "object");
  EXPECT_EQ(kind_of(0.0, {"ptattn made by ptattn-features 0.1.0", "ptattn model - aerial"}),
            "object");
}

TEST_F(Info, longitudes_and_latitudes_are_a_scene_and_a_pole_is_none) {
  const PointCloud town = read_cloud(kTown);
  const RawVector<Position> in_metres = town.positions();
  const auto kind_of = [&](double longitude, double latitude) {
    PointCloud cloud(town.size());
    for (const char* const name : {"x", "y", "z"}) cloud.add(name, FieldType::kFloat64);
    for (std::size_t i = 0; i < cloud.size(); ++i) {
      const Position& p = in_metres[i];
      cloud.find("x")->values<double>()[i] = longitude + (p[0] - in_metres[0][0]) / 78'000.0;
      cloud.find("y")->values<double>()[i] = latitude + (p[1] - in_metres[0][1]) / 111'000.0;
      cloud.find("z")->values<double>()[i] = p[2];
    }
    write_cloud(folder() / "a.ply", cloud);
    return record("a.ply").at("kind").get<std::string>();
  };
  EXPECT_EQ(kind_of(3.0, 45.0), "scene");
  EXPECT_EQ(kind_of(0.0, 0.0), "object");
}

TEST_F(Info, single_letters_are_colours_together) {
  PointCloud cloud(200);
  for (const char* const name : {"x", "y", "z", "r", "g", "b"}) {
    const auto values = cloud.add(name, FieldType::kFloat32).values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7) / 7.0F;
  }
  write_cloud(folder() / "a.ply", cloud);
  const json fields = record("a.ply").at("fields");
  for (std::size_t i = 3; i < 6; ++i) EXPECT_EQ(fields.at(i).value("meaning", ""), "colour");
}

TEST_F(Info, the_table_says_what_to_do) {
  const std::string text = run_tool({kTown}).out;
  EXPECT_THAT(text, HasSubstr("field"));
  EXPECT_THAT(text, HasSubstr("ASPRS codes"));
  EXPECT_THAT(text, HasSubstr("2 ground: "));
  EXPECT_THAT(text, HasSubstr("  seems           a scene\n"));
  EXPECT_THAT(text, HasSubstr("  try             ptattn-segment "));
}

TEST_F(Info, the_command_has_the_options_that_the_cloud_needs) {
  PointCloud town = read_cloud(kTown);
  auto x = town.find("x")->values<double>();
  auto y = town.find("y")->values<double>();
  auto z = town.find("z")->values<double>();
  for (std::size_t i = 0; i < town.size(); ++i) {
    const Position p =
        turned_from_upright({x[i] / 0.3048, y[i] / 0.3048, z[i] / 0.3048}, Axis::kMinusY);
    x[i] = p[0], y[i] = p[1], z[i] = p[2];
  }
  y[3] = -1e9;
  write_cloud(folder() / "it's.ply", town);
  const json found = record("it's.ply");
  EXPECT_EQ(found.at("command"),
            "ptattn-segment 'it'\\''s.ply' -o 'it'\\''s_labelled.ply' --up -y --unit ft");
  EXPECT_EQ(codes(found), (std::vector<std::string>{"stray", "unit", "up"}));
}

TEST_F(Info, nan_and_constant_fields_are_told) {
  PointCloud cloud(200);
  for (const char* const name : {"x", "y", "z"}) {
    auto values = cloud.add(name, FieldType::kFloat32).values<float>();
    for (std::size_t i = 0; i < 200; ++i) values[i] = static_cast<float>(i * (name[0] - 'w') % 17);
  }
  cloud.find("x")->values<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  cloud.add("intensity", FieldType::kUInt16);
  write_cloud(folder() / "a.ply", cloud);
  const std::string text = run_tool({"a.ply"}).out;
  EXPECT_THAT(text, HasSubstr("a.ply: 200 points, 1 without finite coordinates\n"));
  EXPECT_THAT(text, HasSubstr("intensity, the same everywhere"));
  EXPECT_EQ(record("a.ply").at("invalid"), 1);
}

TEST_F(Info, ranges_have_the_digits_of_their_types) {
  PointCloud cloud(2);
  const auto add = [&cloud](const char* name, FieldType type, auto low, auto high) {
    auto values = cloud.add(name, type).values<decltype(low)>();
    values[0] = low, values[1] = high;
  };
  add("x", FieldType::kFloat64, 6564720.25, 6564969.96);
  add("y", FieldType::kFloat32, 0.1F, 123456.7F);
  add("z", FieldType::kFloat64, 9 * 0.0001, 17 * 0.01);
  add("id", FieldType::kUInt32, std::uint32_t{4294967290U}, std::uint32_t{4294967295U});
  write_cloud(folder() / "a.ply", cloud);
  const std::string text = run_tool({"a.ply"}).out;
  for (const char* const range : {"6564720.25 to 6564969.96", " 0.1 to 123456.7", " 0.0009 to 0.17",
                                  "4294967290 to 4294967295"}) {
    EXPECT_THAT(text, HasSubstr(range));
  }
}

TEST_F(Info, las_files_tell_their_version_and_records) {
  const json las = record(PTATTN_TEST_DIR "/data/las/outside/test1_4.las");
  EXPECT_EQ(las.at("las").at("version"), "1.4");
  EXPECT_EQ(las.at("las").at("scale").size(), 3U);
}

TEST_F(Info, folders_and_lists_are_worked_through_and_bad_files_skipped) {
  fs::create_directories(folder() / "in");
  fs::copy_file(kTown, folder() / "in/a.ply");
  put("in/bad.ply", "ply\n");
  const Finished finished = run_tool({"in", "--format", "csv"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_EQ(lines_of(finished.out).size(), 3U);
  EXPECT_THAT(run_tool({"-", "--format", "jsonl"}, "in/a.ply\n").out, HasSubstr("\"scene\""));
}

TEST_F(Info, needs_an_input) {
  expect_usage_error({}, "INPUT: missing, name files, folders or -, see --help");
}

}  // namespace
}  // namespace ptattn::test
