#include "include_arrows.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "../io/temp_folder.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;

/// A source tree of made-up files in a scratch folder.
class IncludeArrows : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_ / "lib/ptattn");
    fs::create_directories(root_ / "tools");
  }

  void write(const fs::path& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }

  const TempFolder folder_;
  const fs::path root_ = folder_.path();
};

std::string describe(const std::vector<Violation>& found) {
  std::string text;
  for (const Violation& v : found) text += v.file + ": " + v.included + " (" + v.reason + ")\n";
  return text;
}

TEST(this_repository, keeps_its_arrows) {
  const auto found = check_include_arrows(PTATTN_SOURCE_DIR);
  EXPECT_TRUE(found.empty()) << describe(found);
}

TEST_F(IncludeArrows, follows_arrows_transitively) {
  write("lib/ptattn/sampling/a.cpp", "#include \"ptattn/core/error.hpp\"\n#include <vector>\n");
  write("tools/t.cpp", "#include \"ptattn/nn/linear.hpp\"\n");
  EXPECT_THAT(check_include_arrows(root_), testing::IsEmpty());
}

TEST_F(IncludeArrows, finds_an_include_that_goes_back) {
  write("lib/ptattn/nn/a.hpp", "#  include \"ptattn/cloud/point_cloud.hpp\"\n");
  const auto found = check_include_arrows(root_);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].file, "lib/ptattn/nn/a.hpp");
  EXPECT_EQ(found[0].reason, "no arrow from nn to cloud");
}

TEST_F(IncludeArrows, keeps_the_arrows_of_rooms) {
  write("lib/ptattn/nn/kernels/a.hpp", "#include \"ptattn/core/matrix.hpp\"\n");
  write("lib/ptattn/nn/attention/a.cpp",
        "#include \"ptattn/nn/kernels/a.hpp\"\n#include \"ptattn/nn/linear.hpp\"\n");
  EXPECT_THAT(check_include_arrows(root_), testing::IsEmpty());

  write("lib/ptattn/nn/kernels/b.cpp", "#include \"ptattn/nn/linear.hpp\"\n");
  write("lib/ptattn/nn/pooling/b.cpp", "#include \"ptattn/nn/attention/a.hpp\"\n");
  EXPECT_EQ(describe(check_include_arrows(root_)),
            "lib/ptattn/nn/kernels/b.cpp: ptattn/nn/linear.hpp (no arrow from nn/kernels to nn)\n"
            "lib/ptattn/nn/pooling/b.cpp: ptattn/nn/attention/a.hpp "
            "(no arrow from nn/pooling to nn/attention)\n");
}

TEST_F(IncludeArrows, keeps_the_rooms_of_tasks) {
  write("lib/ptattn/tasks/inspect/a.cpp", "#include \"ptattn/tasks/scene/voxels.hpp\"\n");
  write("lib/ptattn/tasks/segment/a.cpp", "#include \"ptattn/tasks/progress.hpp\"\n");
  EXPECT_THAT(check_include_arrows(root_), testing::IsEmpty());

  write("lib/ptattn/tasks/scene/a.cpp", "#include \"ptattn/tasks/segment/tiling.hpp\"\n");
  write("lib/ptattn/tasks/smooth/a.cpp", "#include \"ptattn/tasks/transfer/transfer.hpp\"\n");
  write("lib/ptattn/tasks/evaluation.cpp", "#include \"ptattn/tasks/scene/voxels.hpp\"\n");
  EXPECT_EQ(
      describe(check_include_arrows(root_)),
      "lib/ptattn/tasks/evaluation.cpp: ptattn/tasks/scene/voxels.hpp (no arrow from tasks to "
      "tasks/scene)\n"
      "lib/ptattn/tasks/scene/a.cpp: ptattn/tasks/segment/tiling.hpp (no arrow from "
      "tasks/scene to tasks/segment)\n"
      "lib/ptattn/tasks/smooth/a.cpp: ptattn/tasks/transfer/transfer.hpp (no arrow from "
      "tasks/smooth to tasks/transfer)\n");
}

TEST_F(IncludeArrows, keeps_kernels_from_tasks_and_tools) {
  write("lib/ptattn/models/a.cpp", "#include \"ptattn/nn/kernels/rows.hpp\"\n");
  EXPECT_THAT(check_include_arrows(root_), testing::IsEmpty());

  write("lib/ptattn/tasks/a.cpp", "#include \"ptattn/nn/kernels/rows.hpp\"\n");
  write("tools/t.cpp", "#include \"ptattn/nn/kernels/rows.hpp\"\n");
  EXPECT_EQ(describe(check_include_arrows(root_)),
            "lib/ptattn/tasks/a.cpp: ptattn/nn/kernels/rows.hpp (nn/kernels is not for tasks)\n"
            "tools/t.cpp: ptattn/nn/kernels/rows.hpp (nn/kernels is not for tools)\n");
}

TEST_F(IncludeArrows, keeps_pcl_in_io_and_open_3d_in_view) {
  write("lib/ptattn/io/a.cpp", "#include <pcl/PCLPointCloud2.h>\n");
  write("lib/ptattn/view/a.cpp", "#include <open3d/Open3D.h>\n");
  EXPECT_THAT(check_include_arrows(root_), testing::IsEmpty());

  write("lib/ptattn/tasks/a.cpp", "#include <pcl/PCLPointCloud2.h>\n");
  write("tools/t.cpp", "#include <open3d/Open3D.h>\n");
  EXPECT_EQ(check_include_arrows(root_).size(), 2U);
}

TEST_F(IncludeArrows, keeps_tbb_in_core) {
  write("lib/ptattn/core/parallel.hpp", "#include <tbb/parallel_for.h>\n");
  EXPECT_THAT(check_include_arrows(root_), testing::IsEmpty());

  write("lib/ptattn/io/a.cpp", "#include <tbb/parallel_pipeline.h>\n");
  write("tools/t.cpp", "#include <oneapi/tbb/task_arena.h>\n");
  EXPECT_EQ(describe(check_include_arrows(root_)),
            "lib/ptattn/io/a.cpp: tbb/parallel_pipeline.h (TBB stays inside core)\n"
            "tools/t.cpp: oneapi/tbb/task_arena.h (TBB stays inside core)\n");
}

TEST_F(IncludeArrows, knows_every_module) {
  write("lib/ptattn/misc/a.cpp", "");
  EXPECT_EQ(describe(check_include_arrows(root_)), "lib/ptattn/misc:  (a module without arrows)\n");
}

}  // namespace
}  // namespace ptattn::test
