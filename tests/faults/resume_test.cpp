// Runs that go on where an earlier one ended.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

#include "faults.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ResumeOf : public Faults {};

TEST_F(ResumeOf, many_outputs_cost_no_more_than_their_number) {
  // 4000 took 38 s when every output was compared with every input; 10 s are a hundred times what
  // one look at each takes.
  const Finished finished =
      shell(std::string("mkdir in out; touch in/{1..4000}.ply\n"
                        "printf 'ply\\nformat ascii 1.0\\nelement vertex 0\\nend_header\\n' | tee "
                        "out/{1..4000}.ply > /dev/null\n") +
            limit_seconds(10) + "exec ptattn-segment in -o out/ --model parts --resume");
  expect_line(finished, 0,
              "ptattn-segment: 4000 of 4000 outputs exist already, 4000 do not say what "
              "made them");
}

TEST_F(ResumeOf, a_path_that_cannot_be_looked_at_fails_alone) {
  put("in/a.ply", ply_shape(300));
  put("in/loop.ply", ply_shape(300));
  std::string name(250, 'x');  // a temporary name would fit, this one does not
  name += ".ply";
  put("in/" + name, ply_shape(300));
  fs::create_directories(folder() / "out");
  fs::create_symlink("loop.ply", folder() / "out/loop.ply");
  Finished finished = shell("exec ptattn-segment in -o out/ --model parts --resume");
  EXPECT_EQ(finished.exit_code, 3) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("out/loop.ply: cannot be written: Too many levels of"));
  EXPECT_THAT(finished.err, HasSubstr("1 of 3 inputs failed"));
  EXPECT_TRUE(has("out/a.ply"));
  EXPECT_TRUE(fs::is_symlink(folder() / "out/loop.ply"));
  std::string path = "out";
  while (path.size() < 4200) path += "/" + std::string(200, 'y');
  finished = shell("exec ptattn-segment in -o " + path + "/ --model parts --resume");
  EXPECT_EQ(finished.exit_code, 3) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("3 of 3 inputs failed"));
}

TEST_F(ResumeOf, two_writers_do_not_write_twice) {
  put_clouds("in", 40);
  const std::string run =
      "ptattn-classify in --model tiny --format jsonl --no-timing --resume --output ";
  ASSERT_EQ(shell(run + "whole.jsonl").exit_code, 0);
  for (int i = 0; i < 3; ++i) {
    fs::remove(folder() / "o.jsonl");
    const Finished finished = shell("for i in 1 2 3; do " + run +
                                    "o.jsonl --votes 1 2>>messages & pids[i]=$!; done\n"
                                    "for i in 1 2 3; do wait ${pids[i]}; echo $?; done");
    EXPECT_THAT(finished.out, HasSubstr("0\n"));
    // Each of the others came while the first was at work (3) or after it, with nothing to do (0).
    for (const std::string& code : lines_of(finished.out)) EXPECT_TRUE(code == "0" || code == "3");
    EXPECT_EQ(get("o.jsonl"), get("whole.jsonl"));
  }
  Process slow(command("exec " + run + "p.jsonl --votes 200 --threads 1 --batch 1"));
  while (slow.running() && !has("p.jsonl")) std::this_thread::yield();
  expect_line(shell("sleep 0.2; exec " + run + "p.jsonl --votes 200"), 3,
              "ptattn-classify: p.jsonl: is being written by another process");
  slow.signal(SIGKILL);
  (void)slow.wait();
  fs::remove(folder() / "p.jsonl");
  EXPECT_EQ(shell(run + "p.jsonl").exit_code, 0) << "a lock ends with its process";
}

/// Kills `script` at chance moments, starting it again, until one run is left alone.
/// @return kills
int run_with_kills(const std::function<Command()>& make, Random& random, int kills) {
  for (int i = 0; i < kills; ++i) {
    Process process(make());
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(120)));
    process.signal(SIGKILL);
    if (process.wait().exit_code == 0) return i;
  }
  return kills;
}

/// As many rounds as PTATTN_FAULT_ROUNDS says [2].
int rounds() {
  const char* const text = std::getenv("PTATTN_FAULT_ROUNDS");
  return text != nullptr ? std::max(1, std::atoi(text)) : 2;
}

TEST_F(ResumeOf, classify_killed_at_any_moment_goes_on_as_if_nothing_had_been) {
  put_clouds("in", 40);
  put("in/bad.ply", "x\n");
  const std::string run =
      "exec ptattn-classify in --model tiny --votes 3 --format jsonl --no-timing --resume "
      "--output ";
  ASSERT_EQ(shell(run + "whole.jsonl").exit_code, 3);
  for (int round = 0; round < rounds(); ++round) {
    SCOPED_TRACE(round);
    Random random(static_cast<std::uint64_t>(round) + 1);
    fs::remove(folder() / "o.jsonl");
    (void)run_with_kills([&] { return command(run + "o.jsonl"); }, random, 6);
    EXPECT_EQ(shell(run + "o.jsonl").exit_code, 3);
    ASSERT_EQ(get("o.jsonl"), get("whole.jsonl"));
  }
}

TEST_F(ResumeOf, segment_killed_at_any_moment_goes_on_as_if_nothing_had_been) {
  put_clouds("in", 12, 1500);
  const std::string run = "exec ptattn-segment in --model parts --probabilities --resume -o ";
  ASSERT_EQ(shell(run + "whole/").exit_code, 0);
  for (int round = 0; round < rounds(); ++round) {
    SCOPED_TRACE(round);
    Random random(static_cast<std::uint64_t>(round) + 1);
    fs::remove_all(folder() / "out");
    (void)run_with_kills([&] { return command(run + "out/"); }, random, 6);
    EXPECT_EQ(shell(run + "out/").exit_code, 0);
    for (const auto& entry : fs::directory_iterator(folder() / "whole")) {
      const std::string name = entry.path().filename().string();
      ASSERT_TRUE(has("out/" + name)) << name;
      EXPECT_EQ(get("out/" + name), get("whole/" + name)) << name;
    }
  }
}

}  // namespace
}  // namespace ptattn::test
