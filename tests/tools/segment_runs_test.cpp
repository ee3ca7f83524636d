// Runs of ptattn-segment over many files: what goes where, what made it, and what a second run
// skips.

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "segment_fixture.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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
      "expected a name ending in .ply, .pcd, .las or .laz, or a folder, which exists or ends in /";
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
                first["classes"]["building"].get<int>() + first["classes"]["other"].get<int>() +
                first["classes"]["wire"].get<int>() + first["classes"]["tower"].get<int>());
  EXPECT_THAT(json::parse(lines[1])["error"].get<std::string>(),
              Not(StartsWith("in/broken.ply: ")));
  EXPECT_THAT(finished.err, HasSubstr("1 of 4 inputs failed\n"));
}

TEST_F(Segment, files_side_by_side_give_the_same_bytes_and_lines_as_one_after_the_other) {
  const PointCloud town = read_cloud(kTown);
  for (const std::size_t part : {0U, 1U, 2U, 3U, 4U}) {
    PointCloud cloud(part == 2 ? 900 : 1200 + 200 * part);
    for (const Field& field : town.fields()) {
      const auto from = field.bytes().subspan(700 * part * field.bytes_per_point());
      std::ranges::copy(from.first(cloud.size() * field.bytes_per_point()),
                        cloud.add(field.name(), field.type(), field.count()).bytes().begin());
    }
    fs::create_directories(folder() / "in");
    write_cloud(folder() / ("in/" + std::to_string(part) + ".ply"), cloud);
  }
  write_file(folder() / "in/1b.ply", "ply\nnonsense\n");
  std::vector<Finished> runs;
  for (const std::string threads : {"1", "4"}) {
    runs.push_back(segment({"in", "-o", "out" + threads + "/", "--threads", threads, "-v",
                            "--no-timing", "--format", "jsonl"}));
    EXPECT_EQ(runs.back().exit_code, 3) << runs.back().err;
  }
  const auto lines = [](std::string text, const std::string& own) {
    for (std::size_t at; (at = text.find(own)) != std::string::npos;) text.replace(at, 4, "out");
    return lines_of(text);
  };
  EXPECT_EQ(lines(runs[0].out, "out1"), lines(runs[1].out, "out4"));
  EXPECT_EQ(lines_of(runs[0].out).size(), 6U);
  std::vector<std::string> first = lines(runs[0].err, "out1");
  std::vector<std::string> second = lines(runs[1].err, "out4");
  ASSERT_EQ(first.size(), second.size()) << runs[1].err;
  ASSERT_GE(first.size(), 3U) << runs[1].err;
  first.pop_back();  // has seconds
  second.pop_back();
  EXPECT_EQ(first, second);
  for (const char part : std::string("01234")) {
    const std::string name = std::string("/") + part + ".ply";
    EXPECT_EQ(read_file(folder() / ("out1" + name)), read_file(folder() / ("out4" + name)));
  }
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
  expect_usage_error(
      {"x/a.ply", "y/a.ply", "-o", "out/"},
      "out/a.ply: would be made from both x/a.ply and y/a.ply, expected inputs of different names");
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
      count += line.find("no varying intensities") != std::string::npos ? 1 : 0;
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

std::vector<std::string> origin_of(const PointCloud& cloud) {
  std::vector<std::string> lines;
  for (const std::string& comment : cloud.metadata().comments) {
    if (comment.starts_with("ptattn ")) lines.push_back(comment);
  }
  return lines;
}

TEST_F(Segment, objects_on_any_side_are_seen_from_as_many_as_the_model_says) {
  const std::string chair = PTATTN_SOURCE_DIR "/samples/clouds/chair_coloured.ply";
  const auto labelled = [&](const std::string& in, const std::string& out,
                            std::vector<std::string> more) {
    more.insert(more.begin(), {in, "-o", out, "--model", "parts", "--format", "jsonl"});
    const Finished finished = segment(std::move(more));
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return json::parse(finished.out);
  };
  EXPECT_EQ(labelled(chair, "said.ply", {"--threads", "1"})["votes"], 8);
  EXPECT_EQ(labelled(chair, "asked.ply", {"--votes", "8", "--threads", "8"})["votes"], 8);
  EXPECT_EQ(read_file(folder() / "said.ply"), read_file(folder() / "asked.ply"));
  EXPECT_THAT(origin_of(cloud("said.ply")), Not(testing::Contains(HasSubstr("votes"))));
  EXPECT_FALSE(labelled(chair, "one.ply", {"--votes", "1"}).contains("votes"));
  EXPECT_THAT(origin_of(cloud("one.ply")), testing::Contains("ptattn option votes=1"));

  PointCloud lying = read_cloud(chair);
  const auto x = lying.find("x")->values<float>();
  const auto z = lying.find("z")->values<float>();
  for (std::size_t i = 0; i < lying.size(); ++i) {
    std::swap(x[i], z[i]);
    x[i] = -x[i];
  }
  write_cloud(folder() / "lying.ply", lying);
  EXPECT_EQ(labelled("lying.ply", "out.ply", {})["category"], "Chair");
  const PointCloud standing = cloud("said.ply");
  const PointCloud turned = cloud("out.ply");
  const auto before = standing.find("label")->values<std::uint32_t>();
  const auto after = turned.find("label")->values<std::uint32_t>();
  std::size_t same = 0;
  for (std::size_t i = 0; i < before.size(); ++i) same += before[i] == after[i] ? 1 : 0;
  EXPECT_GT(static_cast<double>(same), 0.8 * static_cast<double>(before.size()));
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
                           "ptattn class 2 6 building", "ptattn class 3 1 other",
                           "ptattn class 4 14 wire", "ptattn class 5 15 tower"));
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
  EXPECT_THAT(finished.out, Not(HasSubstr("in/a.ply")));
}

TEST_F(Segment, resume_makes_anew_what_another_command_line_made) {
  put_town("in/a.ply");
  put_town("in/b.ply");
  ASSERT_EQ(segment({"in", "-o", "out/", "--votes", "2"}).exit_code, 0);
  EXPECT_THAT(segment({"in", "-o", "out/", "--votes", "2", "--resume"}).err,
              HasSubstr("2 of 2 outputs exist already\n"));
  const std::string before = get("out/a.ply");
  const Finished plan = segment({"in", "-o", "out/", "--resume", "--dry-run"});
  EXPECT_THAT(plan.out, Not(HasSubstr("skipped")));
  const Finished finished = segment({"in", "-o", "out/", "--resume"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.err,
              HasSubstr("out/a.ply: was made with votes=2, now no options and is made again\n"));
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
              HasSubstr("out/a.ply: is older than in/a.ply and is made again\n"));
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

}  // namespace
}  // namespace ptattn::test
