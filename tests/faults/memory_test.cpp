// Memory that is asked for and memory that is limited.

#include "faults.hpp"

namespace ptattn::test {
namespace {

class Memory : public Faults {};

TEST_F(Memory, probabilities_of_many_classes_are_bounded) {
  put("a.ply", ply_shape(40'000));
  const std::string segment = "exec ptattn-segment a.ply --model parts -o o.ply ";
  expect_line(
      shell(segment + "--probabilities --memory 20M"), 3,
      "ptattn-segment: a.ply: the probabilities of 95 classes take 29 MiB, more than the 20 "
      "MiB of memory allowed");
  EXPECT_FALSE(has("o.ply"));
  EXPECT_EQ(shell(segment + "--memory 20M").exit_code, 0);
  EXPECT_EQ(shell(segment + "--probabilities --memory 40M").exit_code, 0);
}

/// Under a limit a program ends with the same bytes as without it, or with one line; never by a
/// signal.
void expect_line_or_same(const Finished& finished, bool same) {
  EXPECT_EQ(finished.signal, 0);
  EXPECT_NE(finished.exit_code, -1);
  if (finished.exit_code == 0) {
    EXPECT_TRUE(same);
  } else {
    EXPECT_EQ(lines_of(finished.err).size(), 1U) << finished.err;
  }
}

TEST_F(Memory, limits_in_steps_end_in_one_line_or_the_same_bytes) {
  if (kNeedsFiles) GTEST_SKIP() << "the sanitizer does not run under these limits";
  put("a.ply", ply_shape(3000));
  const std::string segment = "exec ptattn-segment a.ply --model parts -o ";
  ASSERT_EQ(shell(segment + "whole.ply").exit_code, 0);
  const auto expect_good = [&](const std::string& limit) {
    SCOPED_TRACE(limit);
    std::filesystem::remove(folder() / "o.ply");
    const Finished finished = shell("ulimit " + limit + "; " + segment + "o.ply");
    expect_line_or_same(finished, has("o.ply") && get("o.ply") == get("whole.ply"));
    EXPECT_TRUE(leftovers().empty());
  };
  for (const int files : {4, 5, 6, 8, 16}) expect_good("-n " + std::to_string(files));
  if (kSanitized) return;  // they need more of both
  for (const int kilobytes : {30'000, 60'000, 100'000, 150'000, 200'000, 300'000, 1'000'000}) {
    expect_good("-v " + std::to_string(kilobytes));
  }
  for (const int kilobytes : {64, 128, 512}) expect_good("-s " + std::to_string(kilobytes));
}

}  // namespace
}  // namespace ptattn::test
