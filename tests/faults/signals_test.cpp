// Ctrl-C, kill and the end of a terminal: 130 with one line, soon, and no temporary file.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "faults.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

class Signals : public Faults {
 protected:
  Signals() {
    put_clouds("in", 30, 2000);
    put("big.ply", ply_shape(60'000));
  }

  static void wait_milliseconds(std::uint64_t time) {
    std::this_thread::sleep_for(std::chrono::milliseconds(time));
  }

  /// Whatever the moment: done, or 130 with one line; nothing left over.
  void expect_clean_end(const std::string& script, int signal, Random& random) const {
    SCOPED_TRACE(script + " signal " + std::to_string(signal));
    Process process(command("rm -rf out o.*; exec " + script));
    wait_milliseconds(20 + random.below(400));
    process.signal(signal);
    const Finished finished = process.wait();
    EXPECT_TRUE(leftovers().empty()) << leftovers().front();
    if (finished.exit_code == 0) return;
    if (finished.signal == signal && finished.err.empty()) return;  // before the program began
    EXPECT_EQ(finished.exit_code, 130) << finished.err << " signal " << finished.signal;
    // Behind what it had to say until then.
    ASSERT_FALSE(finished.err.empty());
    EXPECT_THAT(lines_of(finished.err).back(), HasSubstr(": interrupted"));
  }
};

constexpr const char* kWork[] = {
    "ptattn-classify in --model tiny --votes 50 --format jsonl --output o.jsonl",
    "ptattn-classify in --model tiny --votes 50 --format csv --output o.csv",
    "ptattn-segment in --model parts -o out/",
    "ptattn-segment big.ply --model parts --votes 4 -o o.ply",
    "ptattn-features big.ply --features encoding --channels 480 -o o.npy",
    "ptattn-features big.ply -o o.ply",
    "ptattn-smooth big.ply -o o.ply",
    "ptattn-attention big.ply --model tiny -o o.ply --matrix o.png",
    "ptattn-eval labels.ply labels.ply labels.ply --output o.txt",
};

TEST_F(Signals, at_any_moment_end_a_program_in_one_line_without_temporary_files) {
  std::string labels =
      "ply\nformat ascii 1.0\nelement vertex 60000\nproperty float x\nproperty float y\n"
      "property float z\nproperty int classification\nproperty int label\nend_header\n";
  for (int i = 0; i < 60'000; ++i) labels += std::to_string(i) + " 0 0 1 2\n";
  put("labels.ply", labels);
  const char* const text = std::getenv("PTATTN_FAULT_ROUNDS");
  Random random(1);
  if (text == nullptr) {  // the short version: a signal each, in turn
    for (std::size_t i = 0; i < std::size(kWork); ++i) {
      expect_clean_end(kWork[i], kSignals[i % std::size(kSignals)], random);
    }
    return;
  }
  for (int round = std::max(1, std::atoi(text)); round > 0; --round) {
    for (const char* work : kWork) {
      for (const int signal : kSignals) expect_clean_end(work, signal, random);
    }
  }
}

/// A minute and more of one computation, if nothing cuts it short.
constexpr const char* kLongWork[] = {
    "ptattn-smooth big.ply -o o.ply --iterations 100 --threads 1",
    "ptattn-features big.ply -o o.ply --neighbors 4000 --threads 1",
    "ptattn-features big.ply -o o.ply --features attention --global --threads 1",
    "ptattn-classify big.ply --model tiny --votes 1000 --threads 1",
};

TEST_F(Signals, the_first_is_heard_in_the_middle_of_a_computation) {
  for (const char* work : kLongWork) {
    SCOPED_TRACE(work);
    Process process(command(std::string("exec timeout --foreground -s KILL 100 ") + work));
    wait_milliseconds(700);
    ASSERT_TRUE(process.running());
    // `timeout` passes the signal on.
    process.signal(SIGTERM);
    const Finished finished = process.wait();
    EXPECT_EQ(finished.signal, 0);
    EXPECT_THAT(finished.err, HasSubstr(": interrupted"));
    EXPECT_TRUE(leftovers().empty());
    EXPECT_FALSE(has("o.ply"));
  }
}

TEST_F(Signals, end_a_wait_for_a_list) {
  Process process(command("mkfifo list; exec 3<>list; exec ptattn-classify - --model tiny <&3"));
  wait_milliseconds(1000);
  process.signal(SIGINT);
  const Finished finished = process.wait();
  expect_line(finished, 130, "ptattn-classify: interrupted");
}

TEST_F(Signals, a_second_one_ends_at_once) {
  // A reader that never reads: the program waits in a write.
  Process process(command("mkfifo out; exec 3<>out; exec ptattn-eval --help >&3"));
  wait_milliseconds(300);
  (void)process.wait();  // fits into the pipe
  Process writer(command(
      "mkfifo pipe; exec 3<>pipe; exec ptattn-features big.ply -o o.npy --features encoding "
      "--channels 480"));
  wait_milliseconds(700);
  writer.signal(SIGINT);
  writer.signal(SIGINT);
  const Finished finished = writer.wait();
  EXPECT_TRUE(finished.exit_code == 130 || finished.exit_code == 0) << finished.signal;
  EXPECT_TRUE(leftovers().empty());
}

TEST_F(Signals, that_are_ignored_stay_ignored) {
  Process process(command("trap '' HUP INT; exec ptattn-classify in --model tiny --votes 20"));
  wait_milliseconds(100);
  process.signal(SIGHUP);
  process.signal(SIGINT);
  EXPECT_EQ(process.wait().exit_code, 0);
}

}  // namespace
}  // namespace ptattn::test
