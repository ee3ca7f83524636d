// Runs of ptattn-classify that end early, and what --resume makes of them.

#include <chrono>
#include <csignal>
#include <thread>

#include "classify_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

class Resume : public Classify {
 protected:
  Resume() { put_clouds("f", 12); }

  /// ptattn-classify f --output out.jsonl, so slow that it can be stopped half way.
  [[nodiscard]] Command slow(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"f",         "--format", "jsonl", "--output",
                                       "out.jsonl", "--votes",  "60",    "--threads",
                                       "1",         "--batch",  "1",     "--no-timing"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return command(arguments);
  }

  /// Runs `slow` and sends a signal once at least two records are there.
  [[nodiscard]] Finished stopped_by(int signal) const {
    Process process(slow());
    const auto path = folder() / "out.jsonl";
    while (process.running()) {
      if (std::filesystem::exists(path) && lines_of(read_file(path)).size() >= 2) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    process.signal(signal);
    return process.wait();
  }

  [[nodiscard]] std::string whole() const {
    EXPECT_EQ(run(slow()).exit_code, 0);
    return get("out.jsonl");
  }
};

TEST_F(Resume, goes_on_after_kill) {
  const std::string expected = whole();
  std::filesystem::remove(folder() / "out.jsonl");
  EXPECT_EQ(stopped_by(SIGKILL).signal, SIGKILL);
  EXPECT_LT(records_of(get("out.jsonl")).size(), 12U);
  EXPECT_EQ(run(slow({"--resume"})).exit_code, 0);
  EXPECT_EQ(get("out.jsonl"), expected);
}

TEST_F(Resume, interrupt_leaves_whole_records) {
  const std::string expected = whole();
  std::filesystem::remove(folder() / "out.jsonl");
  const Finished finished = stopped_by(SIGINT);
  EXPECT_EQ(finished.exit_code, 130);
  EXPECT_THAT(finished.err, HasSubstr(" of 12 done, continue with --resume"));
  EXPECT_LT(records_of(get("out.jsonl")).size(), 12U);
  EXPECT_EQ(run(slow({"--resume"})).exit_code, 0);
  EXPECT_EQ(get("out.jsonl"), expected);
}

TEST_F(Resume, interrupt_cuts_one_long_cloud_short) {
  put("long.ply", ply_shape(50'000));
  using std::chrono::steady_clock;
  Process process(command({"long.ply", "--votes", "1000", "--output", "long.csv", "--format",
                           "csv"}));  // would take minutes
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  ASSERT_TRUE(process.running());
  const auto start = steady_clock::now();
  process.signal(SIGINT);
  const Finished finished = process.wait();
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(finished.exit_code, 130);
  EXPECT_EQ(finished.err, "ptattn-classify: interrupted, 0 of 1 done, long.csv not written\n");
  EXPECT_THAT(names_in(folder()),
              testing::UnorderedElementsAre(".stdin", ".stdout", ".stderr", "f", "long.ply"));
}

TEST_F(Resume, drops_a_line_that_was_cut) {
  const std::string expected = whole();
  const std::size_t third_line = expected.find('\n', expected.find('\n') + 1) + 1;
  // Cuts after the third line's first byte, in its middle, and before its newline.
  for (const std::size_t extra : {std::size_t{1}, std::size_t{4}, std::size_t{60}}) {
    put("out.jsonl", expected.substr(0, third_line + extra));
    EXPECT_EQ(run(slow({"--resume"})).exit_code, 0);
    EXPECT_EQ(get("out.jsonl"), expected);
  }
  put("out.jsonl", expected.substr(0, expected.size() - 1));
  EXPECT_EQ(run(slow({"--resume"})).exit_code, 0);
  EXPECT_EQ(get("out.jsonl"), expected);
}

TEST_F(Resume, nothing_to_do_changes_nothing) {
  const std::string expected = whole();
  const Finished finished = run(slow({"--resume"}));
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.err, "");
  EXPECT_EQ(get("out.jsonl"), expected);
}

TEST_F(Resume, starts_a_file_that_is_not_there) {
  EXPECT_EQ(
      classify({"f/c00.ply", "--format", "jsonl", "--output", "new.jsonl", "--resume"}).exit_code,
      0);
  EXPECT_THAT(records_of(get("new.jsonl")), SizeIs(1));
}

TEST_F(Resume, failures_are_not_tried_again_but_count) {
  const std::vector<std::string> arguments{"f/c00.ply", "late.ply", "--format", "jsonl",
                                           "--output",  "o.jsonl",  "--resume"};
  EXPECT_EQ(classify(arguments).exit_code, 3);
  put("late.ply", ply_shape(200));
  const std::string before = get("o.jsonl");
  const Finished again = classify(arguments);
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_THAT(again.err, HasSubstr("failed in an earlier run"));
  EXPECT_EQ(get("o.jsonl"), before);
}

TEST_F(Resume, input_named_twice_has_two_records) {
  const std::vector<std::string> both{"f/c00.ply", "f/c00.ply", "--format", "jsonl",
                                      "--output",  "o.jsonl",   "--resume"};
  EXPECT_EQ(classify({"f/c00.ply", "--format", "jsonl", "--output", "o.jsonl"}).exit_code, 0);
  EXPECT_EQ(classify(both).exit_code, 0);
  EXPECT_THAT(records_of(get("o.jsonl")), SizeIs(2));
}

TEST_F(Resume, other_options_are_refused) {
  const std::vector<std::string> run_of{"f/c00.ply", "--format", "jsonl", "--output", "o.jsonl"};
  EXPECT_EQ(classify(run_of).exit_code, 0);
  const std::string before = get("o.jsonl");
  std::vector<std::string> other = run_of;
  other.insert(other.end(), {"--votes", "2", "--resume"});
  const Finished finished = classify(other);
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(finished.err, "ptattn-classify: o.jsonl: was made with no options, now votes=2\n");
  EXPECT_EQ(get("o.jsonl"), before);
}

TEST_F(Resume, records_of_inputs_that_changed_are_kept_with_a_word) {
  const std::vector<std::string> run_of{"f/c00.ply", "--format", "jsonl",   "--no-timing",
                                        "--output",  "o.jsonl",  "--resume"};
  EXPECT_EQ(classify(run_of).exit_code, 0);
  const std::string before = get("o.jsonl");
  std::filesystem::last_write_time(
      folder() / "f/c00.ply",
      std::filesystem::last_write_time(folder() / "o.jsonl") + std::chrono::seconds(1));
  EXPECT_THAT(classify(run_of).err, HasSubstr("o.jsonl: 1 inputs have changed since; their records "
                                              "are kept"));
  EXPECT_EQ(get("o.jsonl"), before);
}

TEST_F(Resume, records_that_do_not_say_how_they_were_made_are_taken) {
  EXPECT_EQ(classify({"f/c00.ply", "--format", "jsonl", "--output", "o.jsonl"}).exit_code, 0);
  std::string record = get("o.jsonl");
  record.erase(record.find(",\"made_by\""));
  put("o.jsonl", record + "}\n");
  EXPECT_EQ(
      classify({"f/c00.ply", "--format", "jsonl", "--output", "o.jsonl", "--resume"}).exit_code, 0);
  EXPECT_EQ(get("o.jsonl"), record + "}\n");
}

TEST_F(Resume, refuses_another_model) {
  write_tiny_model(models() / "other");
  Command other = command({});
  other.arguments = {"f", "--model", "other", "--format", "jsonl", "--output", "o.jsonl"};
  EXPECT_EQ(run(other).exit_code, 0);
  const std::string before = get("o.jsonl");
  const Finished finished = classify({"f", "--format", "jsonl", "--output", "o.jsonl", "--resume"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(finished.err,
            "ptattn-classify: o.jsonl: was made with model other, this run would use tiny\n");
  EXPECT_EQ(get("o.jsonl"), before);
}

TEST_F(Resume, refuses_another_precision) {
  const std::vector<std::string> arguments{"f", "--format", "jsonl", "--output", "o.jsonl"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), arguments.begin(), arguments.end());
    return classify(more);
  };
  EXPECT_EQ(with({"--precision", "int8"}).exit_code, 0);
  const std::string before = get("o.jsonl");
  const Finished finished = with({"--resume"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_EQ(
      finished.err,
      "ptattn-classify: o.jsonl: was made with model tiny in int8, this run would use tiny\n");
  EXPECT_EQ(with({"--resume", "--precision", "int8"}).exit_code, 0);
  EXPECT_EQ(get("o.jsonl"), before);

  EXPECT_EQ(with({"--precision", "float32"}).exit_code, 0);
  EXPECT_EQ(with({"--resume"}).exit_code, 0);
  const Finished other = with({"--resume", "--precision", "int8"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("was made with model tiny, this run would use tiny in int8"));
}

TEST_F(Resume, never_touches_a_foreign_file) {
  for (const char* text :
       {"my notes", "my notes\n", "{\"path\":\"a\",\"model\":\"tiny\",\"precision\":\"int4\"}\n",
        "{\"path\": 3}\n", "[]\n", "{\"a\":1}\nrest"}) {
    put("notes.txt", text);
    const Finished finished =
        classify({"f", "--format", "jsonl", "--output", "notes.txt", "--resume"});
    EXPECT_EQ(finished.exit_code, 3) << text;
    EXPECT_THAT(finished.err, HasSubstr("notes.txt: line 1 is not a record"));
    EXPECT_EQ(get("notes.txt"), text);
  }
}

}  // namespace
}  // namespace ptattn::test
