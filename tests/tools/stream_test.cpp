// ptattn-segment --stream: names that arrive while it runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class Stream : public ToolTest {
 protected:
  Stream() : ToolTest(PTATTN_SEGMENT) {
    fs::create_directory_symlink(fs::path(PTATTN_SOURCE_DIR "/samples/models/aerial"),
                                 models() / "aerial");
    for (const char* const name : {"a.ply", "b.ply"}) put_town(name);
  }

  void put_town(const std::string& name) const {
    fs::create_directories((folder() / name).parent_path());
    fs::copy_file(PTATTN_TEST_DIR "/golden/aerial_town.ply", folder() / name);
  }
  /// Runs a shell's line, in which $tool is the command.
  [[nodiscard]] Finished shell(const std::string& line) const {
    Command command = this->command({"-c", "tool=" PTATTN_SEGMENT "\n" + line});
    command.program = "/bin/sh";
    return run(command);
  }
  [[nodiscard]] static std::vector<nlohmann::json> records(const Finished& finished) {
    std::vector<nlohmann::json> all;
    for (const std::string& line : lines_of(finished.out)) {
      all.push_back(nlohmann::json::parse(line));
    }
    return all;
  }
};

TEST_F(Stream, each_cloud_is_labelled_before_the_next_is_named) {
  // The second name comes when the first output and its record are there, within 20 seconds.
  const Finished finished = shell(
      "wait_for() { n=0; until [ -s \"$1\" ]; do sleep 0.05; n=$((n + 1)); [ $n -lt 400 ] || exit; "
      "done; }\n"
      "(echo a.ply; wait_for out/a.ply; wait_for records; echo b.ply) |\n"
      "  $tool --stream -o out/ --format jsonl >records\n"
      "code=$?; cat records; exit $code");
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const auto all = records(finished);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0]["path"], "a.ply");
  EXPECT_EQ(all[1]["path"], "b.ply");
  EXPECT_EQ(all[1]["output"], "out/b.ply");
  EXPECT_THAT(finished.err, HasSubstr("2 files, "));
  ASSERT_EQ(run_tool({"a.ply", "-o", "alone.ply"}).exit_code, 0);
  EXPECT_EQ(get("out/a.ply"), get("alone.ply"));
}

TEST_F(Stream, says_what_its_files_took) {
  const Finished finished =
      shell("printf 'a.ply\\nb.ply\\nnone.ply\\na.ply\\n' | $tool --stream -o out/ --threads 1");
  EXPECT_THAT(finished.err, HasSubstr("after the first "));
  EXPECT_THAT(finished.err, HasSubstr(" s of the processor (1 thread); 10 files a second"));
  const Finished quiet =
      shell("printf 'a.ply\\nb.ply\\na.ply\\n' | $tool --stream -o quiet/ --threads 1 -q");
  EXPECT_EQ(quiet.err, "");
}

TEST_F(Stream, bad_names_are_reported_and_the_next_one_follows) {
  put("broken.ply", "ply\nnonsense\n");
  put_town("deep/a.ply");
  fs::create_directories(folder() / "out");
  put_town("out/own.ply");
  const Finished finished =
      run_tool({"--stream", "-o", "out/", "--format", "jsonl"},
               "broken.ply\n\nabsent.ply\ndeep\na.ply\r\n" + (folder() / "deep/a.ply").string() +
                   "\nout/own.ply\n" + (folder() / "out/own.ply").string() + "\nb.ply");
  EXPECT_EQ(finished.exit_code, 3);
  std::vector<std::string> outcomes;
  for (const auto& record : records(finished)) {
    outcomes.push_back(record.contains("error") ? record["error"].get<std::string>() : "done");
  }
  ASSERT_THAT(outcomes, SizeIs(8));
  EXPECT_EQ(outcomes[2], "is a folder, expected a file");
  EXPECT_EQ(outcomes[3], "done");
  EXPECT_EQ(outcomes[4], "would overwrite the output of a.ply");
  EXPECT_EQ(outcomes[5], "done");  // out/out/own.ply
  EXPECT_EQ(outcomes[6], "lies where its output would be written");
  EXPECT_EQ(outcomes[7], "done");
  EXPECT_THAT(finished.err, HasSubstr("5 of 8 inputs failed\n"));
  EXPECT_TRUE(has("out/b.ply"));
}

TEST_F(Stream, resumes_and_stops_at_the_first_bad_one_if_asked) {
  const std::vector<std::string> start{"--stream", "-o", "out/", "--format", "jsonl"};
  ASSERT_EQ(run_tool(start, "a.ply\n").exit_code, 0);
  auto more = start;
  more.emplace_back("--resume");
  const Finished again = run_tool(more, "a.ply\nb.ply\n");
  EXPECT_THAT(records(again), SizeIs(1));
  EXPECT_THAT(again.err, HasSubstr("1 of 1 outputs exist already"));
  more = start;
  more.emplace_back("--fail-fast");
  const Finished failed = run_tool(more, "absent.ply\nb.ply\n");
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_EQ(failed.out, "");
  EXPECT_THAT(lines_of(failed.err), ElementsAre(HasSubstr("absent.ply: ")));
}

TEST_F(Stream, sweeps_without_a_header_are_labelled) {
  const PointCloud town = read_cloud(folder() / "a.ply");
  std::string bytes;
  for (std::size_t i = 0; i < town.size(); ++i) {
    for (const char* const field : {"x", "y", "z", "intensity"}) {
      const double offset = field[0] == 'i' ? 0.0 : town.find(field)->as_double(0);
      const auto value = static_cast<float>(town.find(field)->as_double(i) - offset);
      char four[4];
      std::memcpy(four, &value, sizeof four);
      bytes.append(four, sizeof four);
    }
  }
  put("000001.bin", bytes);
  const Finished finished = run_tool({"--stream", "-o", "out/"}, "000001.bin\n");
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("read as records of float32: x, y, z, intensity"));
  EXPECT_EQ(read_cloud(folder() / "out/000001.ply").size(), town.size());
}

TEST_F(Stream, what_it_cannot_do_is_refused) {
  expect_usage_error({"--stream", "-o", "out.ply"},
                     "out.ply: expected a folder, which exists or ends in /, for several inputs");
  EXPECT_EQ(run_tool({"a.ply", "--stream", "-o", "out/"}).exit_code, 2);
  const Finished cloud = run_tool({"--stream", "-o", "out/"}, get("a.ply"));
  EXPECT_EQ(cloud.exit_code, 3);
  EXPECT_THAT(cloud.err, HasSubstr("holds a PLY cloud"));
}

}  // namespace
}  // namespace ptattn::test
