// The command line of ptattn-classify: help, version, wrong options, models.

#include "classify_fixture.hpp"
#include "ptattn/core/cpu_level.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Usage : public Classify {};

TEST_F(Usage, help_and_version_are_known) {
  expect_known_help_and_version();
}

TEST_F(Usage, every_cpu_level_says_so_and_classifies_alike) {
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

TEST_F(Usage, unknown_cpu_level_is_one_line) {
  put("a.ply", ply_shape(200));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"a.ply"}, std::vector<std::string>{"--version"}}) {
    Command wrong = command(arguments);
    wrong.cpu = "avx9";
    std::string expected = "PTATTN_CPU: no level `avx9` on this CPU, expected one of ";
    for (const std::string& level : cpu_levels()) {
      expected += (level == cpu_levels().front() ? "" : ", ") + level;
    }
    const Finished finished = run(wrong);
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_EQ(finished.err, "ptattn-classify: " + expected + " or baseline\n");
  }
}

TEST_F(Usage, wrong_options_are_one_line) {
  expect_errors({
      {{}, "INPUT: missing, name files, folders or -, see --help"},
      {{"--colour", "a.ply"}, "--colour: unknown option, see --help"},
      {{"--top_k", "3", "a.ply"}, "--top_k: unknown option, did you mean --top-k?"},
      {{"--report", "a.json", "a.ply"},
       "--report: unknown option, it is called --format now, see --help"},
      {{"--top-k", "0", "a.ply"}, "--top-k: 0 is not a whole number from 1 to 10000, see --help"},
      {{"--votes", "many", "a.ply"},
       "--votes: many is not a whole number from 1 to 1000, see --help"},
      {{"--up", "w", "a.ply"}, "--up: \"w\" is none of z, -z, y, -y, x, -x, auto, see --help"},
      {{"--precision", "int4", "a.ply"},
       "--precision: \"int4\" is none of float32, bf16, int8, did you mean int8?"},
      {{"--format", "xml", "a.ply"},
       "--format: \"xml\" is none of table, json, jsonl, csv, see --help"},
      {{"--format", "json", "-o", "a.csv", "a.ply"}, "--format: json contradicts the name a.csv"},
      {{"-o", "names.ply", "a.ply"},
       "names.ply: is no name for results, expected one ending in .csv, .json, .jsonl or .txt"},
      {{"--threads", "-1", "a.ply"},
       "--threads: -1 is not a whole number from 0 to 4096, see --help"},
      {{"--fail-fast", "--keep-going", "a.ply"}, "--fail-fast excludes --keep-going, see --help"},
      {{"a.ply", "--output", ""}, "--output: the name is empty, see --help"},
      {{"--resume", "a.ply"}, "--resume: needs --format jsonl and --output FILE"},
      {{"--resume", "-o", "a.csv", "a.ply"}, "--resume: needs --format jsonl and --output FILE"},
  });
}

TEST_F(Usage, a_misspelt_model_is_suggested) {
  const Finished finished = run_tool({"--model", "tinny", "a.ply"});
  EXPECT_EQ(finished.exit_code, 4);
  EXPECT_THAT(finished.err, HasSubstr(", did you mean tiny?\n"));
}

TEST_F(Usage, a_dry_run_lists_the_inputs_and_writes_nothing) {
  put("f/a.ply", ply_shape(200));
  const Finished finished = classify({"f", "missing.ply", "-o", "o.jsonl", "--dry-run"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_EQ(finished.out, "f/a.ply\nmissing.ply: no such file\n");
  EXPECT_FALSE(has("o.jsonl"));
}

TEST_F(Usage, models_are_listed) {
  const Finished finished = classify({"--list-models"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.out,
              HasSubstr("tiny  pct_cls  5 classes: airplane chair cone lamp table\n  path      " +
                        (models() / "tiny").string() + "\n"));
}

TEST_F(Usage, unknown_model_is_a_model_error) {
  const Finished unknown = run_tool({"--model", "nowhere", "a.ply"});
  EXPECT_EQ(unknown.exit_code, 4);
  EXPECT_THAT(unknown.err, StartsWith("ptattn-classify: nowhere: "));
  EXPECT_EQ(lines_of(unknown.err).size(), 1U);
}

TEST_F(Usage, broken_model_is_a_model_error) {
  write_file(models() / "tiny" / "model.safetensors", "not a model");
  put("a.ply", ply_shape(200));
  const Finished finished = classify({"a.ply"});
  EXPECT_EQ(finished.exit_code, 4);
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(lines_of(finished.err).size(), 1U) << finished.err;
}

TEST_F(Usage, model_may_be_a_folder) {
  put("a.ply", ply_shape(200));
  EXPECT_EQ(run_tool({"--model", (models() / "tiny").string(), "a.ply"}).exit_code, 0);
}

}  // namespace
}  // namespace ptattn::test
