#include "ptattn/io/atomic_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>

#include "ptattn/core/error.hpp"
#include "temp_folder.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using io::AtomicFile;

class AtomicFiles : public testing::Test {
 protected:
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), {}));
  }
  TempFolder folder_;
};

void expect_refused(const fs::path& path, const std::string& problem) {
  try {
    AtomicFile file(path);
    FAIL() << "no exception";
  } catch (const Error& e) {
    EXPECT_EQ(e.fault(), Fault::kInput);
    EXPECT_THAT(e.what(), testing::HasSubstr(path.string() + ": " + problem));
  }
}

TEST_F(AtomicFiles, the_target_appears_only_when_committed) {
  const auto path = folder_ / "a.ply";
  {
    AtomicFile file(path);
    file.append("half");
    EXPECT_FALSE(fs::exists(path));
    file.append(" whole");
    file.commit();
  }
  EXPECT_EQ(contents(path), "half whole");
  EXPECT_EQ(files(), 1U);
}

TEST_F(AtomicFiles, without_commit_the_old_file_stays_and_nothing_is_left) {
  const auto path = folder_ / "a.ply";
  put(path, "old");
  { AtomicFile(path).append("new"); }
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(AtomicFiles, what_killed_processes_left_is_removed_and_nothing_else) {
  const std::vector<fs::path> targets{folder_ / "a.ply", folder_ / "b.ply"};
  AtomicFile in_work(targets[0]);
  in_work.append("half");
  const std::size_t before = files();
  for (const char* const name : {".a.ply.123.0.tmp", ".b.ply.4000000000.17.tmp"}) {
    put(folder_ / name, "left");
  }
  for (const char* const name : {".c.ply.123.0.tmp", "a.ply.123.0.tmp", ".a.ply.tmp",
                                 ".a.ply.12x.0.tmp", ".a.ply.123.0", ".xa.ply.1.2.tmp"}) {
    put(folder_ / name, "foreign");
  }
  io::remove_abandoned_files(targets);
  EXPECT_EQ(files(), before + 6);
  EXPECT_FALSE(fs::exists(folder_ / ".a.ply.123.0.tmp"));
  EXPECT_FALSE(fs::exists(folder_ / ".b.ply.4000000000.17.tmp"));
  in_work.commit();
  EXPECT_EQ(contents(targets[0]), "half");
}

TEST_F(AtomicFiles, a_new_file_follows_the_umask_a_replaced_one_keeps_its_mode) {
  const auto mode = [](const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
  };
  const mode_t old = ::umask(027);
  AtomicFile(folder_ / "new").commit();
  ::umask(old);
  EXPECT_EQ(mode(folder_ / "new"), 0640U);
  put(folder_ / "kept", "x");
  ::chmod((folder_ / "kept").c_str(), 0604);
  AtomicFile(folder_ / "kept").commit();
  EXPECT_EQ(mode(folder_ / "kept"), 0604U);
}

TEST_F(AtomicFiles, a_link_is_followed_also_when_it_dangles) {
  fs::create_directory(folder_ / "sub");
  fs::create_symlink("sub/target", folder_ / "link");
  for (const char* text : {"first", "second"}) {
    AtomicFile file(folder_ / "link");
    file.append(text);
    file.commit();
    EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
    EXPECT_EQ(contents(folder_ / "sub/target"), text);
  }
}

TEST_F(AtomicFiles, what_cannot_be_written_is_named) {
  expect_refused(folder_.path(), "is a directory");
  expect_refused("/dev/full", "is not a regular file");
  expect_refused(folder_ / "none/a.ply", "cannot be written: No such file or directory");
  put(folder_ / "file", "x");
  expect_refused(folder_ / "file/a.ply", "cannot be written: Not a directory");
}

TEST_F(AtomicFiles, a_full_disk_is_reported_and_leaves_nothing) {
  const auto path = folder_ / "a.ply";
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100000, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THROW(
      {
        AtomicFile file(path);
        for (int i = 0; i < 20; ++i) file.append(std::string(10000, 'x'));
        file.commit();
      },
      Error);
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(files(), 0U);
}

TEST_F(AtomicFiles, long_names_and_two_writers_get_along) {
  const std::string name(255, 'n');  // the longest that file systems take
  AtomicFile one(folder_ / name);
  AtomicFile two(folder_ / name);
  one.append("one");
  two.append("two");
  one.commit();
  two.commit();
  EXPECT_EQ(contents(folder_ / name), "two");
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace ptattn::test
