// What ptattn-classify writes, and where.

#include <csignal>

#include "classify_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::SizeIs;

class OutputOf : public Classify {};

TEST_F(OutputOf, jsonl_has_the_documented_keys_in_order) {
  put("a.ply", ply_shape(200));
  const Finished finished = classify({"a.ply", "-q", "--format", "jsonl", "--top-k", "3"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.err, "");
  const auto record = nlohmann::ordered_json::parse(finished.out);
  std::vector<std::string> keys;
  for (const auto& item : record.items()) keys.push_back(item.key());
  EXPECT_THAT(keys, ElementsAre("path", "points", "class", "confidence", "top_k", "up", "seconds",
                                "model", "made_by"));
  EXPECT_EQ(record["made_by"]["tool"], "ptattn-classify");
  EXPECT_EQ(record["made_by"]["options"], nlohmann::ordered_json({"top-k=3"}));
  EXPECT_EQ(record["made_by"]["model_hash"].get<std::string>().size(), 32U);
  EXPECT_EQ(record["points"], 200);
  EXPECT_EQ(record["up"], "z");
  ASSERT_THAT(record["top_k"], SizeIs(3));
  EXPECT_EQ(record["top_k"][0][0], record["class"]);
  EXPECT_EQ(record["top_k"][0][1], record["confidence"]);
  EXPECT_GE(record["top_k"][0][1], record["top_k"][1][1]);
  EXPECT_GE(record["seconds"], 0.0);
}

TEST_F(OutputOf, all_classes_sum_to_one) {
  put("a.ply", ply_shape(200));
  const auto records = records_of(classify({"a.ply", "--format", "jsonl", "--top-k", "40"}).out);
  ASSERT_THAT(records, SizeIs(1));
  ASSERT_THAT(records[0]["top_k"], SizeIs(5));
  double sum = 0;
  for (const auto& entry : records[0]["top_k"]) sum += entry[1].get<double>();
  EXPECT_NEAR(sum, 1.0, 1e-5);
}

TEST_F(OutputOf, csv_quotes_what_needs_it) {
  put("a \"b\", c.ply", ply_shape(200));
  const Finished finished =
      classify({"a \"b\", c.ply", "missing.ply", "--format", "csv", "--top-k", "2", "--no-timing"});
  const auto lines = lines_of(finished.out);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[0], "path,points,class,confidence,class_2,confidence_2,up,model,error");
  EXPECT_THAT(
      lines[1],
      MatchesRegex("\"a \"\"b\"\", c.ply\",200,[a-z]+,0\\.[0-9]{6},[a-z]+,0\\.[0-9]{6},z,tiny,"));
  EXPECT_THAT(lines[2], MatchesRegex("missing.ply,,,,,,,tiny,\"?[^\"]+\"?"));
}

TEST_F(OutputOf, precision_is_said_unless_it_is_float32) {
  put("a.ply", ply_shape(200));
  const Finished jsonl = classify({"a.ply", "--format", "jsonl", "--precision", "int8"});
  const auto records = records_of(jsonl.out);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0]["precision"], "int8");
  EXPECT_EQ(records[0]["model"], "tiny");
  EXPECT_FALSE(records_of(classify({"a.ply", "--format", "jsonl", "--precision", "float32"}).out)[0]
                   .contains("precision"));

  const auto csv = lines_of(
      classify({"a.ply", "--format", "csv", "--top-k", "1", "--no-timing", "--precision", "int8"})
          .out);
  ASSERT_THAT(csv, SizeIs(2));
  EXPECT_EQ(csv[0], "path,points,class,confidence,up,model,precision,error");
  EXPECT_THAT(csv[1], MatchesRegex("a.ply,200,[a-z]+,[01]\\.[0-9]{6},z,tiny,int8,"));
}

TEST_F(OutputOf, table_is_aligned) {
  put("f/a.ply", ply_shape(200));
  put("f/long/name.ply", ply_shape(1500));
  const Finished finished = classify({"f"});
  const auto lines = lines_of(finished.out);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], MatchesRegex("path in f/     class +runner-up +points"));
  EXPECT_THAT(lines[1], MatchesRegex("a.ply          [a-z]+ +[0-9.]+ %  [a-z]+ +[0-9.]+ % +200"));
  EXPECT_EQ(lines[0].size(), lines[1].size());
  EXPECT_EQ(lines[1].size(), lines[2].size());
}

TEST_F(OutputOf, table_shows_the_whole_path_of_a_single_input) {
  put("f/a.ply", ply_shape(200));
  const auto lines = lines_of(classify({"f/a.ply"}).out);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], MatchesRegex("path     class .*"));
  EXPECT_THAT(lines[1], MatchesRegex("f/a.ply  .*"));
}

TEST_F(OutputOf, same_bytes_for_any_thread_count_and_batch) {
  put_clouds("f", 12);
  for (const char* format : {"jsonl", "csv", "table"}) {
    const std::vector<std::string> arguments{
        "f", "missing.ply", "--format", format, "--votes", "3", "--up", "auto", "--no-timing"};
    auto one = arguments;
    one.insert(one.end(), {"--threads", "1", "--batch", "1"});
    auto eight = arguments;
    eight.insert(eight.end(), {"--threads", "8", "--batch", "16"});
    EXPECT_EQ(classify(one).out, classify(eight).out) << format;
  }
}

TEST_F(OutputOf, file_holds_what_standard_output_would) {
  put_clouds("f", 3);
  for (const char* format : {"jsonl", "csv", "table"}) {
    put("out", "an older result that is much longer than what replaces it\n");
    const Finished direct = classify({"f", "--format", format, "--no-timing"});
    const Finished to_file = classify({"f", "--format", format, "--no-timing", "--output", "out"});
    EXPECT_EQ(to_file.exit_code, 0);
    EXPECT_EQ(to_file.out, "");
    EXPECT_EQ(get("out"), direct.out) << format;
  }
}

TEST_F(OutputOf, failed_run_leaves_the_older_table) {
  put("out.csv", "older\n");
  EXPECT_EQ(
      classify({"missing.ply", "--fail-fast", "--format", "csv", "--output", "out.csv"}).exit_code,
      3);
  EXPECT_EQ(get("out.csv"), "older\n");
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    files += entry.path().filename().string().find("out") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(files, 2U) << "out.csv, .stdout and no temporary file";
}

TEST_F(OutputOf, unwritable_output_is_reported_at_once) {
  put("a.ply", ply_shape(200));
  for (const char* format : {"jsonl", "csv"}) {
    const Finished finished = classify({"a.ply", "--format", format, "--output", "a.ply/no/out"});
    EXPECT_EQ(finished.exit_code, 3);
    EXPECT_THAT(lines_of(finished.err), ElementsAre(HasSubstr("a.ply/no/out: ")));
  }
  EXPECT_EQ(classify({"a.ply", "--format", "jsonl", "--output", "."}).exit_code, 3);
}

TEST_F(OutputOf, input_is_never_overwritten) {
  put("a.ply", ply_shape(200));
  const Finished finished = classify({"a.ply", "--format", "jsonl", "--output", "./a.ply"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(get("a.ply"), ply_shape(200));
}

TEST_F(OutputOf, devices_are_written_not_replaced) {
  put("a.ply", ply_shape(200));
  EXPECT_EQ(classify({"a.ply", "--format", "csv", "--output", "/dev/null"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST_F(OutputOf, full_disk_is_an_error) {
  put("a.ply", ply_shape(200));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"a.ply"}, {"--help"}, {"--version"}, {"--list-models"}}) {
    Command full = command(arguments);
    full.output_to = "/dev/full";
    const Finished finished = run(full);
    EXPECT_EQ(finished.exit_code, 3);
    EXPECT_EQ(finished.err,
              "ptattn-classify: standard output: cannot be written, No space left on device\n");
  }
}

TEST_F(OutputOf, reader_that_leaves_ends_it_quietly) {
  put_clouds("f", 5);
  std::filesystem::path script = folder() / "script";
  write_file(script,
             "PTATTN_MODELS=" + models().string() +
                 " " PTATTN_CLASSIFY
                 " f -q --model tiny --format jsonl --batch 1 | true; echo ${PIPESTATUS[0]}\n");
  const Finished finished =
      run({.program = "/bin/bash", .arguments = {script.string()}, .folder = folder()});
  EXPECT_EQ(finished.out, "0\n");
  EXPECT_EQ(finished.err, "");
}

TEST_F(OutputOf, progress_is_only_for_terminals) {
  put_clouds("f", 3);
  EXPECT_EQ(classify({"f", "-q"}).err, "");
  ::setenv("TERM", "xterm", 1);
  Command watched = command({"f", "missing.ply"});
  watched.stderr_is_terminal = true;
  const Finished finished = run(watched);
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, HasSubstr("1 of 4 clouds"));
  EXPECT_THAT(finished.err, HasSubstr("\033[31mptattn-classify:\033[0m missing.ply: "));
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_THAT(run(watched).err, HasSubstr("ptattn-classify: missing.ply: "));
  ::unsetenv("NO_COLOR");
  watched.arguments.emplace_back("--no-progress");
  EXPECT_THAT(run(watched).err, testing::Not(HasSubstr("of 4 clouds")));
}

}  // namespace
}  // namespace ptattn::test
