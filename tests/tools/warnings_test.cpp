// Reasons to doubt a result: said for every file, with -q too, and in the records.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Warnings : public ToolTest {
 protected:
  Warnings() : ToolTest(PTATTN_SEGMENT) { link_models({"aerial", "parts"}); }

  [[nodiscard]] static PointCloud coast() {
    return read_cloud(PTATTN_SOURCE_DIR "/samples/scenes/aerial_coast.ply");
  }
  void put_coast(const std::string& name, PointCloud cloud = coast()) const {
    fs::create_directories((folder() / name).parent_path());
    write_cloud(folder() / name, cloud);
  }
  void put_on_its_side(const std::string& name) const {
    PointCloud cloud = coast();
    const auto y = cloud.find("y")->values<double>();
    std::ranges::swap_ranges(y, cloud.find("z")->values<double>());
    for (double& v : cloud.find("z")->values<double>()) v = -v;
    put_coast(name, std::move(cloud));
  }
  /// Codes of the warnings of each record.
  [[nodiscard]] static std::vector<std::string> codes_of(const std::string& line) {
    std::vector<std::string> codes;
    const json record = json::parse(line);
    if (!record.contains("warnings")) return codes;
    for (const json& warning : record["warnings"]) codes.push_back(warning.at("code"));
    return codes;
  }
};

/// A reference system of metres in plan and US feet in height, and one of feet.
constexpr const char* kMixed =
    R"wkt(COMPD_CS["UTM 17N + feet",PROJCS["UTM 17N",GEOGCS["NAD83",UNIT["degree",0.017453]],)wkt"
    R"wkt(UNIT["metre",1]],VERT_CS["NAVD88 (ftUS)",UNIT["US survey foot",0.304800609601219]]])wkt";
constexpr const char* kFeet =
    R"wkt(PROJCS["Kentucky (ftUS)",GEOGCS["NAD83",UNIT["degree",0.0174532925199433]],)wkt"
    R"wkt(UNIT["US survey foot",0.304800609601219]])wkt";

TEST_F(Warnings, are_said_for_every_file_and_also_with_q) {
  put_on_its_side("in/a.ply");
  put_on_its_side("in/b.ply");
  put_coast("in/c.ply");
  const Finished finished = run_tool({"in", "-o", "out/", "-q", "--format", "jsonl"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  for (const char* const name : {"in/a.ply", "in/b.ply"}) {
    EXPECT_THAT(finished.err, HasSubstr(std::string(name) + ": seems to have y up instead of z"));
  }
  EXPECT_THAT(finished.err, Not(HasSubstr("in/c.ply")));
  EXPECT_THAT(finished.err, Not(HasSubstr("points/s"))) << "no summary with -q";
  const std::vector<std::string> records = lines_of(finished.out);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_THAT(codes_of(records[0]), testing::Contains("up"));
  EXPECT_THAT(codes_of(records[1]), testing::Contains("up"));
  EXPECT_FALSE(json::parse(records[2]).contains("warnings"));
}

TEST_F(Warnings, a_scene_given_to_a_model_of_parts_is_noticed) {
  put_coast("a.ply");
  EXPECT_THAT(run_tool({"a.ply", "-o", "b.ply", "--model", "parts", "-q"}).err,
              HasSubstr("looks like a scene, not like one object, whose parts the model labels"));
}

TEST_F(Warnings, heights_of_another_unit_than_the_plan_are_noticed_and_never_guessed) {
  put_coast("a.ply");
  ASSERT_EQ(run_tool({"a.ply", "-o", "mixed.las", "--crs", kMixed}).exit_code, 0);
  const std::string words =
      "heights are in feet, x and y in metres, as the file's reference system says: convert them "
      "to one unit";
  EXPECT_THAT(run_tool({"mixed.las", "-o", "b.las", "--replace"}).err, HasSubstr(words));
  EXPECT_THAT(run_tool({"mixed.las", "-o", "b.las", "--unit", "ft", "--replace"}).err,
              HasSubstr(words));
  expect_error({"mixed.las", "-o", "c.las", "--unit", "auto", "--replace"}, 3,
               "mixed.las: " + words);
}

TEST_F(Warnings, a_unit_that_was_said_is_not_doubted_because_of_the_reference_system) {
  put_coast("a.ply");
  ASSERT_EQ(run_tool({"a.ply", "-o", "feet.las", "--crs", kFeet}).exit_code, 0);
  EXPECT_THAT(run_tool({"feet.las", "-o", "b.las", "--replace"}).err,
              HasSubstr("see --unit us-ft"));
  for (const char* const unit : {"us-ft", "auto"}) {
    const Finished finished = run_tool({"feet.las", "-o", "b.las", "--unit", unit, "--replace"});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_THAT(finished.err, Not(HasSubstr("see --unit")));
  }
  EXPECT_EQ(read_cloud(folder() / "b.las").metadata().las->records.size(),
            read_cloud(folder() / "feet.las").metadata().las->records.size());
}

TEST_F(Warnings, swapped_fields_of_returns_are_noticed) {
  PointCloud cloud = coast();
  std::ranges::swap_ranges(cloud.find("return_number")->values<std::uint8_t>(),
                           cloud.find("number_of_returns")->values<std::uint8_t>());
  put_coast("a.ply", std::move(cloud));
  EXPECT_THAT(run_tool({"a.ply", "-o", "b.ply"}).err,
              HasSubstr("a return number above their number of returns, are the two swapped?"));
}

TEST_F(Warnings, intensities_that_are_no_numbers_count_as_none) {
  PointCloud cloud = coast();
  const std::size_t points = cloud.size();
  *cloud.find("intensity") = Field("intensity", FieldType::kFloat32, points);
  std::ranges::fill(cloud.find("intensity")->values<float>(), std::nanf(""));
  put_coast("a.ply", std::move(cloud));
  EXPECT_THAT(run_tool({"a.ply", "-o", "b.ply"}).err, HasSubstr("no varying intensities"));
}

TEST_F(Warnings, resume_makes_outputs_of_another_cloud_of_the_same_name_again) {
  put_coast("one/a.ply");
  PointCloud half(coast().size() / 2);
  for (const char* const axis : {"x", "y", "z"}) {
    const auto to = half.add(axis, FieldType::kFloat64).values<double>();
    const PointCloud whole = coast();
    std::ranges::copy(whole.find(axis)->values<double>().first(half.size()), to.begin());
  }
  put_coast("two/a.ply", std::move(half));
  ASSERT_EQ(run_tool({"one/a.ply", "-o", "out/"}).exit_code, 0);
  fs::last_write_time(folder() / "two/a.ply",
                      fs::last_write_time(folder() / "out/a.ply") - std::chrono::hours(1));
  const Finished finished = run_tool({"two/a.ply", "-o", "out/", "--resume"});
  EXPECT_THAT(finished.err,
              HasSubstr("out/a.ply: has other points than two/a.ply and is made again"));
  EXPECT_EQ(read_cloud(folder() / "out/a.ply").size(), coast().size() / 2);
  EXPECT_THAT(run_tool({"two/a.ply", "-o", "out/", "--resume"}).err,
              HasSubstr("1 of 1 outputs exist already"));
}

}  // namespace
}  // namespace ptattn::test
