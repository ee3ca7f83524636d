// The clouds, the model and the examples of samples/, with the model that is found by default.

#include "classify_fixture.hpp"

namespace ptattn::test {
namespace {

using ::testing::SizeIs;

constexpr const char* kSamples = PTATTN_SOURCE_DIR "/samples";

class Samples : public testing::Test {
 protected:
  Samples() {
    for (const std::string part : {"clouds", "scenes"}) {
      std::filesystem::copy(kSamples + ("/" + part), folder() / part);
    }
  }

  [[nodiscard]] std::filesystem::path folder() const { return scratch_.path(); }

 private:
  Scratch scratch_;
};

TEST_F(Samples, AreNamed) {
  const Finished finished = run({.program = PTATTN_CLASSIFY,
                                 .arguments = {"clouds", "--format", "jsonl"},
                                 .folder = folder()});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const auto records = records_of(finished.out);
  EXPECT_GE(records.size(), 12U);
  // A file is called after its class: chair_coloured.ply.
  std::size_t right = 0;
  std::string wrong;
  for (const auto& record : records) {
    const std::string name = std::filesystem::path(record["path"].get<std::string>()).filename();
    if (name.substr(0, name.find_first_of("_.")) == record["class"]) {
      ++right;
    } else {
      wrong += record.dump() + "\n";
    }
  }
  EXPECT_GE(right * 4, records.size() * 3) << wrong;
}

/// The shell commands of a Markdown text: its ```sh blocks.
std::string shell_blocks(const std::string& markdown) {
  std::string commands;
  bool inside = false;
  for (const std::string& line : lines_of(markdown)) {
    if (line.starts_with("```")) {
      inside = line == "```sh";
    } else if (inside) {
      commands += line + "\n";
    }
  }
  return commands;
}

TEST_F(Samples, ExamplesOfTheReadmeRun) {
  const std::string commands = shell_blocks(read_file(std::string(kSamples) + "/README.md"));
  ASSERT_GT(commands.size(), 500U);
  const auto programs = std::filesystem::path(PTATTN_CLASSIFY).parent_path().string();
  write_file(folder() / "examples.sh",
             "set -euo pipefail\nPATH=" + programs + ":$PATH\n" + commands);
  const Finished finished =
      run({.program = "/bin/bash", .arguments = {"examples.sh"}, .folder = folder()});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(lines_of(finished.err), SizeIs(2)) << "the example of a bad file:\n" << finished.err;
  EXPECT_THAT(records_of(read_file(folder() / "all.jsonl")), SizeIs(16));
  EXPECT_THAT(records_of(read_file(folder() / "shared.jsonl")), SizeIs(16));
  EXPECT_THAT(records_of(read_file(folder() / "result.jsonl")), SizeIs(2));
  EXPECT_THAT(lines_of(read_file(folder() / "clouds.csv")), SizeIs(17));
  EXPECT_GT(read_file(folder() / "hand.ply").size(), 1024U * 19);
  for (const char* const name : {"shape.ply", "around.ply", "seen.ply"}) {
    EXPECT_GT(read_file(folder() / name).size(), 5000U * (15 + 4 * 13)) << name;
  }
  EXPECT_EQ(read_file(folder() / "bed.npy").size(), 128U + 1024 * 28 * 4);
  EXPECT_GT(read_file(folder() / "person.png").size(), 10'000U);
  EXPECT_GT(read_file(folder() / "smooth.ply").size(), 1024U * 12);
  EXPECT_GT(read_file(folder() / "voted.ply").size(), 58716U * (29 + 1 + 4));
}

}  // namespace
}  // namespace ptattn::test
