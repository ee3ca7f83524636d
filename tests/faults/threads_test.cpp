// Threads that cannot be made: fewer do the work, or the program ends with one line.

#include <unistd.h>

#include "faults.hpp"

namespace ptattn::test {
namespace {

class Threads : public Faults {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "sanitizers do not run under these limits";
    put("a.ply", ply_shape(300));
    result_ = shell(classify_ + " --threads 2");
    ASSERT_EQ(result_.exit_code, 0) << result_.err;
  }

  const std::string classify_ = "exec ptattn-classify a.ply --model tiny --quiet";
  Finished result_;  ///< without limits
};

/// Root is above limits on processes, somebody else is not.
std::string with_one_process(const std::string& command) {
  const std::string limited = "ulimit -u 1; " + command;
  if (::geteuid() != 0) return limited;
  return "exec setpriv --reuid=65534 --regid=65534 --clear-groups bash -c '" + limited + "'";
}

TEST_F(Threads, that_exceed_the_limit_of_a_user_are_done_without) {
  if (shell(with_one_process("exec test -x " PTATTN_PROGRAMS "/ptattn-classify -a -r a.ply"))
          .exit_code != 0) {
    GTEST_SKIP() << "somebody else may not run the programs";
  }
  for (int i = 0; i < 5; ++i) {
    const Finished finished = shell(with_one_process(classify_ + " --threads 2"));
    EXPECT_EQ(finished.exit_code, 0) << "signal " << finished.signal;
    EXPECT_EQ(finished.err, "");
    EXPECT_EQ(finished.out, result_.out);
  }
}

TEST_F(Threads, without_memory_for_a_stack_end_in_one_line_or_the_same_bytes) {
  constexpr int kMegabyte = 1024;  // of the KiB that ulimit counts
  const auto under = [&](int limit, const std::string& command) {
    return shell("ulimit -c 0 -v " + std::to_string(limit) + "; " + command);
  };
  // Under some limits the program is not loaded, or a library's own beginning breaks before main.
  const auto begins = [&](int limit) {
    return under(limit, "exec ptattn-classify --version").exit_code == 0;
  };
  int limit = 4 * kMegabyte;
  while (!begins(limit)) limit += 500;
  for (const int end = limit + 16 * kMegabyte; limit < end; limit += 250) {
    if (!begins(limit)) continue;
    for (const std::string threads : {" --threads 1", " --threads 2"}) {
      SCOPED_TRACE(std::to_string(limit) + threads);
      const Finished finished = under(limit, classify_ + threads);
      EXPECT_EQ(finished.signal, 0);
      if (finished.exit_code == 0) {
        EXPECT_EQ(finished.out, result_.out);
      } else {
        EXPECT_NE(finished.exit_code, 1) << finished.err;
        EXPECT_EQ(lines_of(finished.err).size(), 1U) << finished.err;
      }
    }
  }
}

}  // namespace
}  // namespace ptattn::test
