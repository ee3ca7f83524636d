// Permissions of files whose place a new one takes.

#include <sys/stat.h>
#include <unistd.h>

#include "faults.hpp"

namespace ptattn::test {
namespace {

class ReplacedFiles : public Faults {
 protected:
  ReplacedFiles() { put("a.ply", ply_shape(300)); }

  [[nodiscard]] mode_t mode(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(::stat((folder() / name).c_str(), &status), 0);
    return status.st_mode & 07777;
  }
};

TEST_F(ReplacedFiles, lose_the_right_to_run_as_their_owner) {
  put("o.ply", "old");
  ASSERT_EQ(::chmod((folder() / "o.ply").c_str(), 06755), 0);
  ASSERT_EQ(shell("exec ptattn-smooth a.ply -o o.ply").exit_code, 0);
  EXPECT_EQ(mode("o.ply"), 0755U);
}

TEST_F(ReplacedFiles, keep_their_owner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  put("o.ply", "old");
  ASSERT_EQ(::chown((folder() / "o.ply").c_str(), 12345, 54321), 0);
  ASSERT_EQ(shell("exec ptattn-smooth a.ply -o o.ply").exit_code, 0);
  struct stat status {};
  ASSERT_EQ(::stat((folder() / "o.ply").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 12345U);
  EXPECT_EQ(status.st_gid, 54321U);
}

TEST_F(ReplacedFiles, that_may_not_be_written_stay) {
  put("o.ply", "old");
  ASSERT_EQ(::chmod((folder() / "o.ply").c_str(), 0444), 0);
  std::string user;  // root may write everything
  if (::geteuid() == 0) {
    ASSERT_EQ(::chmod(folder().c_str(), 0777), 0);
    ASSERT_EQ(::chmod(folder().parent_path().c_str(), 0755), 0);
    user = "setpriv --reuid=65534 --clear-groups ";
    if (shell("setpriv --reuid=65534 --clear-groups test -r a.ply -a -x \"$(command -v "
              "ptattn-smooth)\"")
            .exit_code != 0) {
      GTEST_SKIP() << "another user cannot reach the programs";
    }
  }
  expect_line(shell("exec " + user + "ptattn-smooth a.ply -o o.ply"), 3,
              "ptattn-smooth: o.ply: cannot be written: Permission denied");
  EXPECT_EQ(get("o.ply"), "old");
}

}  // namespace
}  // namespace ptattn::test
