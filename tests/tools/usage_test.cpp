// The command line of ptattn-classify: help, version, wrong options, models.

#include "classify_fixture.hpp"
#include "ptattn/core/cpu_level.hpp"

namespace ptattn::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Usage : public Classify {};

/// A wrong command line: nothing on stdout, one line on stderr, exit code 2.
void expect_usage_error(const Finished& finished, const std::string& line) {
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(finished.err, "ptattn-classify: " + line + "\n");
}

TEST_F(Usage, HelpIsTheKnownText) {
  const Finished finished = classify({"--help"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.err, "");
  EXPECT_EQ(finished.out, read_file(PTATTN_TEST_DIR "/tools/golden/ptattn-classify_help.txt"));
  for (const std::string& line : lines_of(finished.out)) EXPECT_LE(line.size(), 80U) << line;
}

TEST_F(Usage, Version) {
  const Finished finished = classify({"--version"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.out, version_text("ptattn-classify"));
}

TEST_F(Usage, EveryCpuLevelSaysSoAndClassifiesAlike) {
  put("a.ply", ply_shape(200));
  std::vector<double> best;
  for (const std::string& level : cpu_levels()) {
    SCOPED_TRACE(level);
    Command version = command({"--version"});
    version.cpu = level;
    EXPECT_EQ(lines_of(run(version).out).back(), "CPU level " + level);
    Command classify_one = command({"--format", "jsonl", "a.ply"});
    classify_one.cpu = level;
    const auto record = records_of(run(classify_one).out).at(0);
    std::vector<double> scores;
    for (const auto& entry : record.at("top_k")) scores.push_back(entry.at(1));
    if (best.empty()) best = scores;
    EXPECT_THAT(scores, testing::Pointwise(testing::DoubleNear(1e-5), best));
  }
}

TEST_F(Usage, UnknownCpuLevelIsOneLine) {
  put("a.ply", ply_shape(200));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"a.ply"}, std::vector<std::string>{"--version"}}) {
    Command wrong = command(arguments);
    wrong.cpu = "avx9";
    std::string expected = "PTATTN_CPU: no level `avx9` on this CPU, expected one of ";
    for (const std::string& level : cpu_levels()) {
      expected += (level == cpu_levels().front() ? "" : ", ") + level;
    }
    expect_usage_error(run(wrong), expected + " or baseline");
  }
}

TEST_F(Usage, WrongOptionsAreOneLine) {
  expect_usage_error(classify({}), "INPUT: missing, name files, folders or -, see --help");
  expect_usage_error(classify({"--colour", "a.ply"}),
                     "The following argument was not expected: --colour, see --help");
  expect_usage_error(classify({"--top-k", "0", "a.ply"}),
                     "--top-k: Value 0 not in range 1 to 10000, see --help");
  expect_usage_error(classify({"--votes", "many", "a.ply"}),
                     "--votes: Value many not in range 1 to 1000, see --help");
  expect_usage_error(classify({"--up", "w", "a.ply"}), "--up: w not in {z,y,x,auto}, see --help");
  expect_usage_error(classify({"--precision", "int4", "a.ply"}),
                     "--precision: int4 not in {float32,int8}, see --help");
  expect_usage_error(classify({"--format", "xml", "a.ply"}),
                     "--format: xml not in {table,jsonl,csv}, see --help");
  expect_usage_error(classify({"--threads", "-1", "a.ply"}),
                     "--threads: Value -1 not in range 0 to 4096, see --help");
  expect_usage_error(classify({"--fail-fast", "--keep-going", "a.ply"}),
                     "--keep-going excludes --fail-fast, see --help");
}

TEST_F(Usage, OutputNeedsAName) {
  expect_usage_error(classify({"a.ply", "--output", ""}),
                     "--output: the name is empty, see --help");
}

TEST_F(Usage, ResumeNeedsAJsonlFile) {
  expect_usage_error(classify({"--resume", "a.ply"}),
                     "--resume: needs --format jsonl and --output FILE");
  expect_usage_error(classify({"--resume", "--output", "a.csv", "--format", "csv", "a.ply"}),
                     "--resume: needs --format jsonl and --output FILE");
}

TEST_F(Usage, ModelsAreListed) {
  const Finished finished = classify({"--list-models"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.out,
              HasSubstr("tiny  pct_cls  5 classes: airplane chair cone lamp table\n"));
}

TEST_F(Usage, UnknownModelIsAModelError) {
  const Finished finished = classify({"--model", "nowhere", "a.ply"});
  EXPECT_EQ(finished.exit_code, 2) << "given twice";
  Command once = command({});
  once.arguments = {"--model", "nowhere", "a.ply"};
  const Finished unknown = run(once);
  EXPECT_EQ(unknown.exit_code, 4);
  EXPECT_THAT(unknown.err, StartsWith("ptattn-classify: nowhere: "));
  EXPECT_EQ(lines_of(unknown.err).size(), 1U);
}

TEST_F(Usage, BrokenModelIsAModelError) {
  write_file(models() / "tiny" / "model.safetensors", "not a model");
  put("a.ply", ply_shape(200));
  const Finished finished = classify({"a.ply"});
  EXPECT_EQ(finished.exit_code, 4);
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(lines_of(finished.err).size(), 1U) << finished.err;
}

TEST_F(Usage, ModelMayBeAFolder) {
  put("a.ply", ply_shape(200));
  Command with_folder = command({});
  with_folder.arguments = {"--model", (models() / "tiny").string(), "a.ply"};
  EXPECT_EQ(run(with_folder).exit_code, 0);
}

}  // namespace
}  // namespace ptattn::test
