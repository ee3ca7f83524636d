// ptattn-segment as a user meets it, with the pretrained model.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
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
using testing::StartsWith;

const std::string kTown = PTATTN_TEST_DIR "/golden/aerial_town.ply";

class Segment : public ToolTest {
 protected:
  Segment() : ToolTest(PTATTN_SEGMENT) {
    for (const char* const name : {"aerial", "parts", "pct-modelnet40"}) {
      fs::create_directory_symlink(fs::path(PTATTN_SOURCE_DIR "/samples/models") / name,
                                   models() / name);
    }
  }

  [[nodiscard]] Finished segment(std::vector<std::string> arguments,
                                 const std::string& input = "") const {
    return run_tool(std::move(arguments), input);
  }
  [[nodiscard]] PointCloud cloud(const std::string& name) const {
    return read_cloud(folder() / name);
  }
  void put_town(const std::string& name) const {
    fs::create_directories((folder() / name).parent_path());
    fs::copy_file(kTown, folder() / name);
  }
};

TEST_F(Segment, help_and_version_are_known) {
  expect_known_help_and_version();
}

TEST_F(Segment, models_are_listed_with_their_terms) {
  const Finished models = segment({"--list-models"});
  EXPECT_THAT(models.out, HasSubstr("aerial  ptv3m1  6 classes: 0 ground 1 vegetation"));
  EXPECT_THAT(models.out, HasSubstr("\n  purpose   labels airborne laser scans"));
  EXPECT_THAT(models.out,
              HasSubstr("\n  terms     trained on IGN LiDAR HD, Licence Ouverte 2.0\n"));
  EXPECT_THAT(models.out, HasSubstr("\n  accuracy  mIoU"));
  EXPECT_EQ(lines_of(segment({"--list-models", "--format", "jsonl"}).out).size(), 2U);
  EXPECT_THAT(models.out, testing::Not(HasSubstr("pct-modelnet40")));
}

TEST_F(Segment, every_field_is_kept_and_the_new_ones_stand_behind) {
  const Finished finished = segment({kTown, "-o", "out.ply", "--probabilities", "--colorize"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const PointCloud before = read_cloud(kTown);
  const PointCloud after = cloud("out.ply");
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t f = 0; f < before.fields().size(); ++f) {
    const Field& a = before.fields()[f];
    const Field& b = after.fields()[f];
    EXPECT_EQ(a.name(), b.name());
    EXPECT_EQ(a.type(), b.type());
    EXPECT_TRUE(std::ranges::equal(a.bytes(), b.bytes())) << a.name();
  }
  std::vector<std::string> added;
  for (std::size_t f = before.fields().size(); f < after.fields().size(); ++f) {
    added.push_back(after.fields()[f].name());
  }
  EXPECT_EQ(added, (std::vector<std::string>{"label", "confidence", "entropy", "margin", "p_ground",
                                             "p_vegetation", "p_building", "p_water", "p_bridge",
                                             "p_other", "red", "green", "blue"}));
  const auto labels = after.find("label")->values<std::uint32_t>();
  const auto confidence = after.find("confidence")->values<float>();
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto p = after.fields()[before.fields().size() + 4 + labels[i]].values<float>();
    ASSERT_EQ(p[i], confidence[i]);
  }
}

TEST_F(Segment, things_are_numbered) {
  const Finished finished =
      segment({kTown, "-o", "out.ply", "--instances", "building,vegetation", "--format", "jsonl"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const json counts = json::parse(finished.out)["instances"];
  EXPECT_THAT(cloud("out.ply").metadata().comments,
              testing::Contains("ptattn field instance number of the thing, 0 for none"));
  const std::size_t buildings = counts["building"];
  const std::size_t trees = counts["vegetation"];
  EXPECT_GT(buildings, 0U);
  EXPECT_GT(trees, 0U);
  const PointCloud out = cloud("out.ply");
  const auto label = out.find("label")->values<std::uint32_t>();
  const auto instance = out.find("instance")->values<std::uint32_t>();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (instance[i] == 0) continue;
    ASSERT_EQ(label[i], instance[i] <= buildings ? 2U : 1U);
    ASSERT_LE(instance[i], buildings + trees);
  }
  const Finished refused = segment({kTown, "-o", "no.ply", "--instances", "bilding"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("\"bilding\" is none of the classes of aerial"));
}

TEST_F(Segment, cleaning_is_opt_in) {
  ASSERT_EQ(segment({kTown, "-o", "raw.ply"}).exit_code, 0);
  ASSERT_EQ(segment({kTown, "-o", "clean.ply", "--clean"}).exit_code, 0);
  const PointCloud raw = cloud("raw.ply");
  const PointCloud clean = cloud("clean.ply");
  const auto a = raw.find("label")->values<std::uint32_t>();
  const auto b = clean.find("label")->values<std::uint32_t>();
  std::size_t same = 0;
  for (std::size_t i = 0; i < a.size(); ++i) same += a[i] == b[i] ? 1 : 0;
  EXPECT_LT(same, a.size());
  EXPECT_GT(same * 10, a.size() * 9);
}

TEST_F(Segment, unsure_points_get_a_label_of_their_own) {
  ASSERT_EQ(segment({kTown, "-o", "sure.ply"}).exit_code, 0);
  const Finished finished =
      segment({kTown, "-o", "out.ply", "--unsure-below", "0.8", "--format", "json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  ASSERT_EQ(segment({kTown, "-o", "out.las", "--unsure-below", "0.8"}).exit_code, 0);
  const PointCloud sure = cloud("sure.ply");
  const PointCloud out = cloud("out.ply");
  const PointCloud las = cloud("out.las");
  const auto confidence = sure.find("confidence")->values<float>();
  const auto label = out.find("label")->values<std::int32_t>();
  std::size_t unsure = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool is_unsure = confidence[i] < 0.8F;
    unsure += is_unsure ? 1 : 0;
    ASSERT_EQ(label[i], is_unsure ? -1.0 : sure.find("label")->as_double(i));
    if (is_unsure) {
      ASSERT_EQ(las.find("classification")->as_double(i), 1.0);
    }
  }
  EXPECT_GT(unsure, 0U);
  const json record = json::parse(finished.out)[0];
  EXPECT_EQ(record["unsure_points"], unsure);
  std::size_t counted = unsure;
  for (const json& points : record["classes"]) counted += points.get<std::size_t>();
  EXPECT_EQ(counted, out.size());
}

TEST_F(Segment, classes_that_validation_did_not_find_are_not_listed_as_if_they_were) {
  const Finished table = segment({kTown, "-o", "out.ply"});
  EXPECT_THAT(table.out, testing::Not(HasSubstr("bridge")));
  EXPECT_THAT(table.out, HasSubstr("confidence: mean "));
  const Finished record = segment({kTown, "-o", "again.ply", "--format", "jsonl"});
  EXPECT_THAT(json::parse(record.out)["unproven_classes"], testing::Contains("bridge"));
  EXPECT_THAT(segment({"--list-models"}).out, HasSubstr("\n  unproven  water, bridge"));
}

TEST_F(Segment, says_when_a_cloud_is_unlike_those_of_the_validation) {
  const Finished town = segment({kTown, "-o", "town.ply", "--format", "jsonl"});
  EXPECT_FALSE(json::parse(town.out)["unusual"].get<bool>()) << town.out;
  PointCloud swapped = read_cloud(kTown);
  const auto y = swapped.find("y")->values<double>();
  std::ranges::swap_ranges(y, swapped.find("z")->values<double>());
  write_cloud(folder() / "y_up.ply", swapped);
  const Finished y_up = segment({"y_up.ply", "-o", "y_up_out.ply", "--format", "jsonl"});
  EXPECT_EQ(y_up.exit_code, 0);
  EXPECT_TRUE(json::parse(y_up.out)["unusual"].get<bool>()) << y_up.out;
  EXPECT_THAT(y_up.err, HasSubstr("y_up.ply: is unlike the clouds that aerial was validated on"));
}

TEST_F(Segment, ground_vegetation_and_buildings_are_found) {
  ASSERT_EQ(segment({kTown, "-o", "out.ply"}).exit_code, 0);
  const PointCloud out = cloud("out.ply");
  const auto labels = out.find("label")->values<std::uint32_t>();
  const Field& truth = *out.find("classification");
  std::size_t known = 0;
  std::size_t right = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto code = static_cast<int>(truth.as_double(i));
    const int expected = code == 2 ? 0 : code >= 3 && code <= 5 ? 1 : code == 6 ? 2 : -1;
    if (expected < 0) continue;
    ++known;
    right += static_cast<std::size_t>(labels[i] == static_cast<std::uint32_t>(expected));
  }
  ASSERT_GT(known, 3000U);
  EXPECT_GT(static_cast<double>(right), 0.85 * static_cast<double>(known));
}

TEST_F(Segment, same_bytes_for_any_number_of_threads) {
  ASSERT_EQ(segment({kTown, "-o", "one.ply", "--threads", "1"}).exit_code, 0);
  ASSERT_EQ(segment({kTown, "-o", "eight.ply", "--threads", "8"}).exit_code, 0);
  EXPECT_EQ(read_file(folder() / "one.ply"), read_file(folder() / "eight.ply"));
}

TEST_F(Segment, votes_change_the_labels_and_are_told) {
  ASSERT_EQ(segment({kTown, "-o", "none.ply"}).exit_code, 0);
  const Finished one = segment({kTown, "-o", "one.ply", "--votes", "1", "--format", "jsonl"});
  ASSERT_EQ(one.exit_code, 0) << one.err;
  EXPECT_EQ(read_file(folder() / "one.ply"), read_file(folder() / "none.ply"));
  EXPECT_FALSE(json::parse(one.out).contains("votes"));
  const Finished four = segment({kTown, "-o", "four.ply", "--votes", "4", "--format", "jsonl"});
  ASSERT_EQ(four.exit_code, 0) << four.err;
  EXPECT_EQ(json::parse(four.out)["votes"], 4);
  EXPECT_EQ(json::parse(four.out)["tiles"], 1);
  EXPECT_NE(read_file(folder() / "four.ply"), read_file(folder() / "none.ply"));
  const Finished again = segment({kTown, "-o", "again.ply", "--votes", "4", "--threads", "1"});
  EXPECT_THAT(again.out, HasSubstr(" voxels, 4 votes\n"));
  EXPECT_EQ(read_file(folder() / "again.ply"), read_file(folder() / "four.ply"));
}

TEST_F(Segment, asprs_codes_for_las_files) {
  ASSERT_EQ(segment({kTown, "-o", "out.pcd", "--prefix", "new_", "--codes", "asprs"}).exit_code, 0);
  const PointCloud out = cloud("out.pcd");
  const auto codes = out.find("new_label")->values<std::uint8_t>();
  EXPECT_GT(std::ranges::count(codes, 2), 500);
  EXPECT_GT(std::ranges::count(codes, 6), 100);
  EXPECT_EQ(std::ranges::count(codes, 0), 0);
}

TEST_F(Segment, labels_of_las_files_are_asprs_codes_in_classification_and_all_else_stays) {
  const std::string tile = PTATTN_TEST_DIR "/data/las/outside/simple.laz";
  const Finished finished = segment({tile, "-o", "out.laz"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const PointCloud before = read_cloud(tile);
  const PointCloud after = cloud("out.laz");
  ASSERT_EQ(after.fields().size(), before.fields().size() + 3);
  for (std::size_t f = 0; f < before.fields().size(); ++f) {
    const Field& a = before.fields()[f];
    const Field& b = after.fields()[f];
    EXPECT_EQ(a.name(), b.name());
    if (a.name() == "classification") continue;
    EXPECT_TRUE(std::ranges::equal(a.bytes(), b.bytes())) << a.name();
  }
  for (const std::uint8_t code : after.find("classification")->values<std::uint8_t>()) {
    EXPECT_THAT(code, testing::AnyOf(1, 2, 5, 6, 9, 17));
  }
  EXPECT_NE(after.find("confidence"), nullptr);
}

TEST_F(Segment, other_clouds_become_las_files_of_the_scale_and_system_wanted) {
  const Finished finished =
      segment({kTown, "-o", "out.las", "--las-scale", "0.01", "--crs", "EPSG:2154"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const PointCloud after = cloud("out.las");
  const LasMetadata& las = *after.metadata().las;
  ASSERT_FALSE(las.records.empty());
  EXPECT_EQ(las.records[0].record_id, 34735);
  double scale = 0.0;
  std::memcpy(&scale, las.header.data() + 131, sizeof scale);
  EXPECT_EQ(scale, 0.01);
}

TEST_F(Segment, truncated_laz_files_are_refused_or_salvaged) {
  const std::string whole = read_file(PTATTN_TEST_DIR "/data/las/outside/simple.laz");
  std::ofstream(folder() / "half.laz", std::ios::binary) << whole.substr(0, whole.size() / 2);
  EXPECT_THAT(segment({"half.laz", "-o", "out.laz"}).err, HasSubstr("the file is truncated"));
  const Finished saved = segment({"half.laz", "-o", "out.laz", "--salvage"});
  EXPECT_EQ(saved.exit_code, 0) << saved.err;
  EXPECT_THAT(saved.err, HasSubstr("of 1065 points are whole and were read"));
}

TEST_F(Segment, taken_names_are_refused) {
  expect_usage_error({kTown, "-o", "out.ply", "--field", "classification"},
                     kTown +
                         ": has a field classification already, choose another name with "
                         "--prefix, or use --replace");
  EXPECT_FALSE(fs::exists(folder() / "out.ply"));
}

TEST_F(Segment, replace_writes_a_classification_where_it_stood) {
  const PointCloud before = read_cloud(kTown);
  ASSERT_EQ(segment({kTown, "-o", "out.ply", "--field", "classification", "--replace"}).exit_code,
            0);
  const PointCloud after = cloud("out.ply");
  ASSERT_EQ(after.fields().size(), before.fields().size() + 3);
  std::size_t changed = 0;
  for (std::size_t f = 0; f < before.fields().size(); ++f) {
    const Field& a = before.fields()[f];
    const Field& b = after.fields()[f];
    EXPECT_EQ(a.name(), b.name());
    EXPECT_EQ(a.type(), b.type());
    if (std::ranges::equal(a.bytes(), b.bytes())) continue;
    ++changed;
    EXPECT_EQ(a.name(), "classification");
  }
  EXPECT_EQ(changed, 1U);
  // The same codes as in a field of their own.
  ASSERT_EQ(segment({kTown, "-o", "own.ply", "--field", "own", "--codes", "asprs"}).exit_code, 0);
  EXPECT_TRUE(std::ranges::equal(after.find("classification")->bytes(),
                                 cloud("own.ply").find("own")->bytes()));
}

TEST_F(Segment, replace_may_run_on_its_own_output) {
  ASSERT_EQ(segment({kTown, "-o", "one.ply", "--colorize", "--probabilities"}).exit_code, 0);
  ASSERT_EQ(
      segment({"one.ply", "-o", "two.ply", "--colorize", "--probabilities", "--replace"}).exit_code,
      0);
  std::string two = get("two.ply");
  const std::string said = "comment ptattn option replace\n";
  ASSERT_NE(two.find(said), std::string::npos);
  EXPECT_EQ(get("one.ply"), two.erase(two.find(said), said.size()));
}

TEST_F(Segment, replace_gives_another_type_where_the_old_one_does_not_fit) {
  PointCloud town = read_cloud(kTown);
  town.add("label", FieldType::kInt8);
  town.add("confidence", FieldType::kUInt8);
  town.add("entropy", FieldType::kFloat64);
  town.add("margin", FieldType::kFloat32, 3);
  write_cloud(folder() / "in.pcd", town);
  ASSERT_EQ(segment({"in.pcd", "-o", "out.pcd", "--replace"}).exit_code, 0);
  const PointCloud out = cloud("out.pcd");
  EXPECT_EQ(out.fields().size(), town.fields().size());
  EXPECT_EQ(out.find("label")->type(), FieldType::kInt8);  // holds six classes
  EXPECT_EQ(out.find("confidence")->type(), FieldType::kFloat32);
  EXPECT_GT(out.find("confidence")->values<float>()[0], 0.0F);
  EXPECT_EQ(out.find("entropy")->type(), FieldType::kFloat64);
  EXPECT_EQ(out.find("margin")->count(), 1U);
}

TEST_F(Segment, names_of_two_fields_are_refused_before_the_work) {
  expect_usage_error({kTown, "-o", "out.ply", "--field", "margin"},
                     "--field: margin is the name of another field, expected one of its own");
  expect_usage_error({kTown, "-o", "out.ply", "--field", "red", "--colorize"},
                     "--field: red is the name of another field, expected one of its own");
  expect_usage_error({kTown, "-o", "out.ply", "--field", "z", "--replace"},
                     "--field: z is the name of another field, expected one of its own");
}

TEST_F(Segment, an_output_folder_inside_the_input_folder_is_no_input) {
  put_town("in/a.ply");
  ASSERT_EQ(segment({"in", "-o", "in/out/"}).exit_code, 0);
  const Finished again = segment({"in", "-o", "in/out/", "--format", "jsonl"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(lines_of(again.out).size(), 1U);
  EXPECT_FALSE(fs::exists(folder() / "in/out/out"));
  expect_usage_error({"in", "-o", "in/"}, "in/a.ply: is an input, --output would overwrite it");
}

TEST_F(Segment, outputs_that_are_no_clouds_and_no_folders_are_refused) {
  const std::string expected =
      "expected a name ending in .ply, .pcd, .las or .laz, or a folder, which exists or has a / at "
      "its end";
  expect_usage_error({kTown, "-o", "out.txt"}, "out.txt: " + expected);
  expect_usage_error({kTown, "-o", "-"}, "-: " + expected);
  expect_usage_error({kTown, "-o", "/dev/null"}, "/dev/null: " + expected);
  EXPECT_FALSE(fs::exists(folder() / "out.txt"));
  EXPECT_FALSE(fs::exists(folder() / "-"));
  EXPECT_EQ(segment({kTown, "-o", "v1.2/"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder() / "v1.2/aerial_town.ply"));
}

TEST_F(Segment, a_missing_input_says_so_and_leaves_no_folder) {
  const Finished finished = segment({"nothing", "-o", "out/"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_EQ(finished.err, "ptattn-segment: nothing: cannot be opened: No such file or directory\n");
  EXPECT_FALSE(fs::exists(folder() / "out"));
}

TEST_F(Segment, wrong_usage_is_one_line) {
  expect_usage_error({}, "INPUT: missing, name files, folders or -, see --help");
  expect_usage_error({kTown}, "--output: missing, name a file or a folder");
  expect_usage_error({kTown, "-o", "a.ply", "--memory", "lots"},
                     "--memory: lots is not a size, expected a number with K, M or G, see --help");
  EXPECT_EQ(segment({kTown, "-o", "b.ply", "--memory", "1.5gib"}).exit_code, 0);
  for (const char* votes : {"0", "5", "two"}) {
    const Finished finished = segment({kTown, "-o", "a.ply", "--votes", votes});
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_THAT(finished.err, StartsWith("ptattn-segment: --votes: "));
    EXPECT_EQ(lines_of(finished.err).size(), 1U);
  }
  expect_usage_error({kTown, "-o", "a.ply", "--category", "chair"},
                     "--category: aerial does not distinguish kinds of objects");
  put_town("a.ply");
  expect_usage_error({"a.ply", "-o", "a.ply"}, "a.ply: is an input, --output would overwrite it");
}

TEST_F(Segment, a_model_of_another_task_says_so) {
  const Finished finished = segment({kTown, "-o", "out.ply", "--model", "pct-modelnet40"});
  EXPECT_EQ(finished.exit_code, 4);
  EXPECT_THAT(finished.err, HasSubstr("is a model that classifies clouds, expected one that labels "
                                      "points"));
}

TEST_F(Segment, folders_keep_their_paths_and_bad_inputs_do_not_stop_the_rest) {
  put_town("in/a b.ply");
  put_town("in/deep/c.ply");
  write_file(folder() / "in/broken.ply", "ply\nnonsense\n");
  write_file(folder() / "in/one.ply", ply_text({{1, 2, 3}}));
  const Finished finished = segment({"in", "-o", "out/", "--format", "jsonl"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_TRUE(fs::exists(folder() / "out/a b.ply"));
  EXPECT_TRUE(fs::exists(folder() / "out/deep/c.ply"));
  EXPECT_TRUE(fs::exists(folder() / "out/one.ply"));
  EXPECT_FALSE(fs::exists(folder() / "out/broken.ply"));
  const std::vector<std::string> lines = lines_of(finished.out);
  ASSERT_EQ(lines.size(), 4U);
  const json first = json::parse(lines[0]);
  EXPECT_EQ(first["path"], "in/a b.ply");
  EXPECT_EQ(first["points"],
            first["classes"]["ground"].get<int>() + first["classes"]["vegetation"].get<int>() +
                first["classes"]["building"].get<int>() + first["classes"]["water"].get<int>() +
                first["classes"]["bridge"].get<int>() + first["classes"]["other"].get<int>());
  EXPECT_THAT(json::parse(lines[1])["error"].get<std::string>(),
              testing::Not(StartsWith("in/broken.ply: ")));
  EXPECT_THAT(finished.err, HasSubstr("1 of 4 inputs failed\n"));
}

TEST_F(Segment, resume_skips_what_is_there) {
  put_town("in/a.ply");
  put_town("in/b.ply");
  ASSERT_EQ(segment({"in/a.ply", "-o", "out/a.ply"}).exit_code, 0);
  const auto made = fs::last_write_time(folder() / "out/a.ply");
  const Finished finished = segment({"in", "-o", "out/", "--resume"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(fs::last_write_time(folder() / "out/a.ply"), made);
  EXPECT_TRUE(fs::exists(folder() / "out/b.ply"));
  EXPECT_THAT(finished.err, HasSubstr("1 of 2 outputs exist already\n"));
  EXPECT_THAT(finished.out, testing::Not(HasSubstr("in/a.ply")));
}

std::vector<std::string> origin_of(const PointCloud& cloud) {
  std::vector<std::string> lines;
  for (const std::string& comment : cloud.metadata().comments) {
    if (comment.starts_with("ptattn ")) lines.push_back(comment);
  }
  return lines;
}

TEST_F(Segment, outputs_say_what_made_them_and_what_their_labels_are) {
  put_town("a.ply");
  ASSERT_EQ(segment({"a.ply", "-o", "out.ply", "--votes", "2", "--colorize"}).exit_code, 0);
  const auto lines = origin_of(cloud("out.ply"));
  ASSERT_EQ(lines.size(), 14U);
  EXPECT_THAT(lines[0], testing::MatchesRegex("ptattn made by ptattn-segment [0-9.]+"));
  EXPECT_THAT(lines[1], testing::MatchesRegex("ptattn model [0-9a-f]{32} aerial"));
  EXPECT_THAT(
      std::vector(lines.begin() + 2, lines.end()),
      testing::ElementsAre("ptattn option colorize", "ptattn option votes=2",
                           "ptattn field confidence probability of the label",
                           "ptattn field entropy of all classes, in nats",
                           "ptattn field margin to the second class", "ptattn labels label class",
                           "ptattn class 0 2 ground", "ptattn class 1 5 vegetation",
                           "ptattn class 2 6 building", "ptattn class 3 9 water",
                           "ptattn class 4 17 bridge", "ptattn class 5 1 other"));
  ASSERT_EQ(segment({"out.ply", "-o", "out.laz", "--prefix", "new_"}).exit_code, 0);
  const auto both = origin_of(cloud("out.laz"));
  ASSERT_GT(both.size(), lines.size());
  EXPECT_EQ(std::vector(both.begin(), both.begin() + 14), lines);
  ASSERT_EQ(segment({"a.ply", "-o", "codes.las"}).exit_code, 0);
  EXPECT_THAT(origin_of(cloud("codes.las")),
              testing::IsSupersetOf({"ptattn labels classification asprs",
                                     "ptattn class 5 5 vegetation", "ptattn class 1 1 other"}));
}

TEST_F(Segment, the_same_options_in_another_order_and_place_give_the_same_bytes) {
  put_town("a.ply");
  put_town("other/a.ply");
  ASSERT_EQ(segment({"a.ply", "-o", "one.ply", "--votes", "2", "--colorize"}).exit_code, 0);
  ASSERT_EQ(segment({"--colorize", "other/a.ply", "-o", "deep/er/two.ply", "--votes=2", "-q",
                     "--threads", "1", "--format", "json"})
                .exit_code,
            0);
  EXPECT_EQ(get("one.ply"), get("deep/er/two.ply"));
}

TEST_F(Segment, resume_makes_anew_what_another_command_line_made) {
  put_town("in/a.ply");
  put_town("in/b.ply");
  ASSERT_EQ(segment({"in", "-o", "out/", "--votes", "2"}).exit_code, 0);
  EXPECT_THAT(segment({"in", "-o", "out/", "--votes", "2", "--resume"}).err,
              HasSubstr("2 of 2 outputs exist already\n"));
  const std::string before = get("out/a.ply");
  const Finished plan = segment({"in", "-o", "out/", "--resume", "--dry-run"});
  EXPECT_THAT(plan.out, testing::Not(HasSubstr("skipped")));
  const Finished finished = segment({"in", "-o", "out/", "--resume"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.err,
              HasSubstr("out/a.ply: was made with votes=2, now no options and is made anew\n"));
  EXPECT_NE(get("out/a.ply"), before);
  EXPECT_THAT(segment({"in", "-o", "out/", "--resume"}).err,
              HasSubstr("2 of 2 outputs exist already\n"));
}

TEST_F(Segment, resume_makes_anew_what_another_model_made) {
  put_town("in/a.ply");
  const fs::path changed = models() / "changed";
  fs::copy(PTATTN_SOURCE_DIR "/samples/models/aerial", changed);
  ASSERT_EQ(segment({"in", "-o", "out/", "--model", changed}).exit_code, 0);
  EXPECT_THAT(segment({"in", "-o", "out/", "--model", changed, "--resume"}).err,
              HasSubstr("1 of 1 outputs exist already\n"));
  std::ofstream(changed / "config.json", std::ios::app) << " ";
  EXPECT_THAT(segment({"in", "-o", "out/", "--model", changed, "--resume"}).err,
              HasSubstr("was made with another version of the model aerial"));
}

TEST_F(Segment, resume_makes_anew_what_is_older_than_its_input) {
  put_town("in/a.ply");
  ASSERT_EQ(segment({"in", "-o", "out/"}).exit_code, 0);
  fs::last_write_time(folder() / "in/a.ply",
                      fs::last_write_time(folder() / "out/a.ply") + std::chrono::seconds(1));
  EXPECT_THAT(segment({"in", "-o", "out/", "--resume"}).err,
              HasSubstr("out/a.ply: is older than in/a.ply and is made anew\n"));
}

TEST_F(Segment, resume_keeps_what_does_not_say_what_made_it_and_says_so) {
  put_town("in/a.ply");
  put_town("out/a.ply");
  fs::last_write_time(folder() / "out/a.ply",
                      fs::last_write_time(folder() / "in/a.ply") + std::chrono::seconds(1));
  const std::string before = get("out/a.ply");
  EXPECT_THAT(segment({"in", "-o", "out/", "--resume"}).err,
              HasSubstr("1 of 1 outputs exist already, 1 do not say what made them\n"));
  EXPECT_EQ(get("out/a.ply"), before);
}

TEST_F(Segment, a_completed_resume_leaves_no_temporary_files) {
  put_town("in/a.ply");
  for (const char* const name : {"out/.a.ply.123456789.0.tmp", "out/.b.ply.1.0.tmp"}) {
    write_file(folder() / name, "half");
  }
  ASSERT_EQ(segment({"in", "-o", "out/", "--resume"}).exit_code, 0);
  EXPECT_FALSE(has("out/.a.ply.123456789.0.tmp"));
  EXPECT_TRUE(has("out/.b.ply.1.0.tmp")) << "no output of this run";
}

TEST_F(Segment, every_run_ends_with_one_line) {
  put_town("in/a.ply");
  write_file(folder() / "in/b.ply", ply_text({{1, 2, 3}}));
  const Finished finished = segment({"in", "-o", "out/", "--format", "json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(lines_of(finished.err).back(),
              testing::MatchesRegex("ptattn-segment: 2 files, [0-9]+ points, [0-9.]+ s, [0-9]+ "
                                    "points/s"));
  const json records = json::parse(finished.out);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_GT(records[0]["confidence"]["ground"], 0.5);
  EXPECT_GT(records[0]["seconds"], 0.0);
  EXPECT_EQ(segment({"in/a.ply", "-o", "q.ply", "-q"}).err, "");
}

TEST_F(Segment, notes_are_said_once_a_run_unless_asked_for) {
  std::vector<std::array<double, 3>> grid;
  for (int i = 0; i < 400; ++i) grid.push_back({1.0 * (i % 20), 1.0 * (i / 20), 0.0});
  for (const char* const name : {"in/a.ply", "in/b.ply"}) put(name, ply_text(grid));
  const auto notes = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"in", "-o", "out/"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::size_t count = 0;
    for (const std::string& line : lines_of(segment(arguments).err)) {
      count += line.find("no intensities that vary") != std::string::npos ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(notes({}), 1U);
  EXPECT_EQ(notes({"-v"}), 2U);
  EXPECT_EQ(notes({"-q"}), 0U);
}

TEST_F(Segment, a_dry_run_shows_what_goes_where) {
  put_town("in/a.ply");
  put_town("out/a.ply");
  EXPECT_EQ(segment({"in", "-o", "out/", "--dry-run", "--resume"}).out,
            "in/a.ply -> out/a.ply (exists, skipped)\n");
  EXPECT_EQ(json::parse(segment({"in", "-o", "new/", "--dry-run", "--format", "jsonl"}).out),
            (json{{"path", "in/a.ply"}, {"output", "new/a.ply"}, {"skipped", false}}));
  EXPECT_FALSE(has("new"));
}

TEST_F(Segment, a_list_on_standard_input) {
  put_town("in/a.ply");
  const Finished finished = segment({"-", "-o", "out/"}, "in/a.ply\n");
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_TRUE(fs::exists(folder() / "out/in/a.ply"));
}

TEST_F(Segment, two_inputs_with_one_name_are_refused) {
  put_town("x/a.ply");
  put_town("y/a.ply");
  expect_usage_error({"x/a.ply", "y/a.ply", "-o", "out/"},
                     "out/a.ply: would be made of both x/a.ply and y/a.ply, expected inputs of "
                     "different names");
}

TEST_F(Segment, holes_stay_where_they_are) {
  PointCloud town = read_cloud(kTown);
  const auto x = town.find("x")->values<double>();
  x[3] = std::numeric_limits<double>::quiet_NaN();
  write_cloud(folder() / "holes.ply", town);
  const Finished finished = segment({"holes.ply", "-o", "out.ply"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("invalid"));
  const PointCloud out = cloud("out.ply");
  EXPECT_EQ(out.find("label")->values<std::uint32_t>()[3], 0U);
  EXPECT_EQ(out.find("confidence")->values<float>()[3], 0.0F);
  EXPECT_GT(out.find("confidence")->values<float>()[4], 0.0F);
}

TEST_F(Segment, strange_units_and_extents) {
  std::vector<std::array<double, 3>> points;
  for (int i = 0; i < 200; ++i) points.push_back({1e-3 * i, 1e-4 * i * i, 0.0});
  write_file(folder() / "small.ply", ply_text(points));
  EXPECT_THAT(segment({"small.ply", "-o", "out.ply"}).err,
              HasSubstr("are its coordinates in metres?"));
  // A survey in millimetres: everything is far from everything.
  std::vector<std::array<double, 3>> grid;
  for (int i = 0; i < 400; ++i) grid.push_back({1000.0 * (i % 20), 1000.0 * (i / 20), 0.0});
  write_file(folder() / "millimetres.ply", ply_text(grid));
  EXPECT_THAT(segment({"millimetres.ply", "-o", "out.ply"}).err,
              HasSubstr("millimetres.ply: has its points farther apart than"));
  for (auto& p : grid) p = {p[0] / 1000.0, p[1] / 1000.0, 0.0};
  write_file(folder() / "metres.ply", ply_text(grid));
  EXPECT_THAT(segment({"metres.ply", "-o", "out.ply"}).err, testing::Not(HasSubstr("metres?")));
  for (auto& p : points) p[0] *= 1e6;
  write_file(folder() / "large.ply", ply_text(points));
  const Finished large = segment({"large.ply", "-o", "out.ply"});
  EXPECT_EQ(large.exit_code, 3);
  EXPECT_THAT(large.err, HasSubstr("reaches over more than 65536 voxels along x"));
  std::vector<std::array<double, 3>> far;
  for (int i = 0; i < 300; ++i) far.push_back({1e7 + i % 20, 1e7 + i / 20, 0.0});
  far.resize(320, far.front());  // duplicates
  write_file(folder() / "far.ply", ply_text(far));
  EXPECT_EQ(segment({"far.ply", "-o", "far_out.ply"}).exit_code, 0);
  std::string text = ply_text(far);
  for (std::size_t at = 0; (at = text.find("double")) != std::string::npos;) {
    text.replace(at, 6, "float");
  }
  write_file(folder() / "far.ply", text);
  const Finished from_far = segment({"far.ply", "-o", "far_out.ply"});
  EXPECT_EQ(from_far.exit_code, 0);
  EXPECT_THAT(from_far.err, HasSubstr("coordinates are float numbers with steps of 1 there"));
}

TEST_F(Segment, classification_in_any_spelling_holds_asprs_codes) {
  PointCloud bare = read_cloud(kTown);
  std::erase_if(bare.fields(), [](const Field& f) { return f.name() == "classification"; });
  write_cloud(folder() / "bare.ply", bare);
  for (const std::string name : {"Classification", "scalar_Classification"}) {
    const Finished finished = segment({"bare.ply", "-o", name + ".ply", "--field", name});
    ASSERT_EQ(finished.exit_code, 0) << finished.err;
    const PointCloud cloud = this->cloud(name + ".ply");
    std::set<double> codes;
    for (std::size_t i = 0; i < cloud.size(); ++i) codes.insert(cloud.find(name)->as_double(i));
    EXPECT_TRUE(codes.contains(2) && codes.contains(5) && codes.contains(6)) << name;
    EXPECT_FALSE(codes.contains(0)) << name;
  }
}

}  // namespace
}  // namespace ptattn::test
