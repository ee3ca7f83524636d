// ptattn-segment as a user meets it, with the pretrained model.

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "segment_fixture.hpp"

namespace ptattn::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(Segment, help_and_version_are_known) {
  expect_known_help_and_version();
}

TEST_F(Segment, models_are_listed_with_their_terms) {
  const Finished models = segment({"--list-models"});
  EXPECT_THAT(models.out, HasSubstr("aerial  ptv3m1  6 classes: 0 ground 1 vegetation"));
  EXPECT_THAT(models.out, HasSubstr("\n  purpose   labels airborne laser scans"));
  EXPECT_THAT(models.out, HasSubstr("\n  terms     trained on open data of surveys: IGN LiDAR HD"));
  EXPECT_THAT(models.out, HasSubstr("\n  accuracy  mIoU"));
  EXPECT_EQ(lines_of(segment({"--list-models", "--format", "jsonl"}).out).size(), 3U);
  EXPECT_THAT(models.out, Not(HasSubstr("pct-modelnet40")));
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
  EXPECT_THAT(table.out, Not(HasSubstr("other")));
  EXPECT_THAT(table.out, HasSubstr("confidence: mean "));
  const Finished record = segment({kTown, "-o", "again.ply", "--format", "jsonl"});
  EXPECT_THAT(json::parse(record.out)["unproven_classes"], testing::ElementsAre("other"));
  EXPECT_THAT(segment({"--list-models"}).out, HasSubstr("\n  unproven  other"));
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
  PointCloud turned = read_cloud(kTown);
  for (double& z : turned.find("z")->values<double>()) z = -z;
  write_cloud(folder() / "down.ply", turned);
  const Finished down = segment({"down.ply", "-o", "down_out.ply", "--format", "jsonl"});
  EXPECT_EQ(down.exit_code, 0);
  EXPECT_TRUE(json::parse(down.out)["unusual"].get<bool>()) << down.out;
  EXPECT_THAT(down.err, HasSubstr("down.ply: is unlike the clouds that aerial was validated on"));
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
              HasSubstr("millimetres.ply: has points farther apart than"));
  for (auto& p : grid) p = {p[0] / 1000.0, p[1] / 1000.0, 0.0};
  write_file(folder() / "metres.ply", ply_text(grid));
  EXPECT_THAT(segment({"metres.ply", "-o", "out.ply"}).err, Not(HasSubstr("metres?")));
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

}  // namespace
}  // namespace ptattn::test
