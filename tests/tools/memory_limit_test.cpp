#include "memory_limit.hpp"

#include <gtest/gtest.h>

#include <string>

#include "scratch.hpp"

namespace ptattn::test {
namespace {

using namespace tools;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;

/// A file tree that looks like the parts of /proc and /sys that tell of control groups.
class ControlGroups : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root() / path).parent_path());
    write_file(root() / path, text);
  }
  /// Version 2, mounted as on Debian, Fedora and Ubuntu today.
  void mount_unified(const std::string& group, const std::string& mount_root = "/") const {
    write("proc/self/cgroup", "0::" + group + "\n");
    write("proc/self/mountinfo",
          "24 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
          "35 24 0:30 " +
              mount_root + " /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  }
  [[nodiscard]] std::filesystem::path root() const { return scratch_.path(); }

 private:
  Scratch scratch_;
};

TEST_F(ControlGroups, no_files_set_no_limit) {
  EXPECT_EQ(control_group_limit(root()), std::nullopt);
  EXPECT_EQ(default_memory(root()), default_memory(root() / "nothing"));
}

TEST_F(ControlGroups, version_2_limits_the_group_and_what_is_above_it) {
  mount_unified("/slurm/job_7/step_0");
  write("sys/fs/cgroup/slurm/job_7/step_0/memory.max", "max\n");
  EXPECT_EQ(control_group_limit(root()), std::nullopt);
  write("sys/fs/cgroup/slurm/job_7/memory.max", std::to_string(4 * kGiB) + "\n");
  EXPECT_EQ(control_group_limit(root()), 4 * kGiB);
  write("sys/fs/cgroup/slurm/memory.max", std::to_string(9 * kGiB) + "\n");
  EXPECT_EQ(control_group_limit(root()), 4 * kGiB);
  write("sys/fs/cgroup/slurm/job_7/step_0/memory.high", std::to_string(3 * kGiB) + "\n");
  EXPECT_EQ(control_group_limit(root()), 3 * kGiB);
  write("sys/fs/cgroup/slurm/job_8/memory.max", "1\n");  // of others
  EXPECT_EQ(control_group_limit(root()), 3 * kGiB);
}

TEST_F(ControlGroups, what_cannot_be_read_sets_no_limit) {
  mount_unified("/a");
  std::filesystem::create_directories(root() / "sys/fs/cgroup/a/memory.max");
  EXPECT_EQ(control_group_limit(root()), std::nullopt);
}

TEST_F(ControlGroups, a_container_with_a_name_space_of_its_own_sees_its_limit_at_the_top) {
  mount_unified("/");
  write("sys/fs/cgroup/memory.max", std::to_string(2 * kGiB) + "\n");
  EXPECT_EQ(control_group_limit(root()), 2 * kGiB);
}

TEST_F(ControlGroups, version_1_limits_the_group_and_what_is_above_it) {
  write("proc/self/cgroup", "9:cpu,cpuacct:/other\n4:memory:/slurm/job_7\n1:name=systemd:/\n");
  write("proc/self/mountinfo",
        "34 31 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n");
  // What version 1 says where there is no limit.
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes", std::to_string(kGiB) + "\n");
  EXPECT_EQ(control_group_limit(root()), kGiB);
  write("sys/fs/cgroup/memory/slurm/memory.limit_in_bytes", std::to_string(kGiB / 2) + "\n");
  EXPECT_EQ(control_group_limit(root()), kGiB / 2);
}

TEST_F(ControlGroups, a_container_may_see_its_group_under_the_name_that_the_host_gives_it) {
  write("proc/self/cgroup", "4:memory:/docker/0123\n");
  write("proc/self/mountinfo",
        "35 31 0:32 /docker/0123 /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", std::to_string(kGiB) + "\n");
  EXPECT_EQ(control_group_limit(root()), kGiB);
  write("proc/self/cgroup", "4:memory:/../elsewhere\n");  // out of what is mounted
  EXPECT_EQ(control_group_limit(root()), kGiB);
}

TEST_F(ControlGroups, the_default_is_half_of_the_limit_and_never_more_than_half_of_the_machine) {
  const std::size_t machine = default_memory(root());
  mount_unified("/job");
  write("sys/fs/cgroup/job/memory.max", std::to_string(64 << 20U) + "\n");
  EXPECT_EQ(default_memory(root()), std::size_t{32} << 20U);
  write("sys/fs/cgroup/job/memory.max", "9223372036854771712\n");
  EXPECT_EQ(default_memory(root()), machine);
}

TEST_F(ControlGroups, damaged_files_set_no_limit) {
  mount_unified("/job");
  write("sys/fs/cgroup/job/memory.max", "12 elephants");
  write("sys/fs/cgroup/job/memory.high", "12x");
  EXPECT_EQ(control_group_limit(root()), 12U) << "a number is a number";
  write("sys/fs/cgroup/job/memory.max", "-1");
  EXPECT_EQ(control_group_limit(root()), std::nullopt);
  write("proc/self/cgroup", "nonsense\n");
  EXPECT_EQ(control_group_limit(root()), std::nullopt);
}

}  // namespace
}  // namespace ptattn::test
