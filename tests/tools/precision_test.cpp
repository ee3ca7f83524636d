// --precision bf16 of ptattn-segment, with the pretrained model.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "ptattn/core/cpu_level.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class PrecisionOf : public ToolTest {
 protected:
  PrecisionOf() : ToolTest(PTATTN_SEGMENT) {
    fs::create_directory_symlink(fs::path(PTATTN_SOURCE_DIR "/samples/models/aerial"),
                                 models() / "aerial");
    fs::copy_file(PTATTN_TEST_DIR "/golden/aerial_town.ply", folder() / "town.ply");
  }

  /// The labels of the town and, in `err`, what was said.
  [[nodiscard]] std::vector<double> labels(const std::vector<std::string>& more,
                                           std::string& err) const {
    std::vector<std::string> arguments{"town.ply", "-o", "out.ply"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished finished = run_tool(arguments);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    err = finished.err;
    const PointCloud out = read_cloud(folder() / "out.ply");
    std::vector<double> values;
    for (std::size_t i = 0; i < out.size(); ++i) values.push_back(out.find("label")->as_double(i));
    return values;
  }
};

TEST_F(PrecisionOf, bf16_labels_nearly_all_points_alike_and_is_remembered) {
  std::string err;
  const std::vector<double> exact = labels({}, err);
  EXPECT_THAT(read_cloud(folder() / "out.ply").metadata().comments,
              Not(Contains(HasSubstr("precision"))));
  const std::vector<double> rounded = labels({"--precision", "bf16"}, err);
  EXPECT_EQ(has_bf16_unit(), err.find("takes longer than float32") == std::string::npos);
  EXPECT_THAT(read_cloud(folder() / "out.ply").metadata().comments,
              Contains("ptattn option precision=bf16"));
  ASSERT_EQ(exact.size(), rounded.size());
  std::size_t alike = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) alike += exact[i] == rounded[i] ? 1 : 0;
  EXPECT_GT(static_cast<double>(alike), 0.995 * static_cast<double>(exact.size()));
}

TEST_F(PrecisionOf, bf16_gives_the_same_bytes_for_any_number_of_threads) {
  std::string err;
  (void)labels({"--precision", "bf16", "--threads", "1"}, err);
  const std::string one = get("out.ply");
  (void)labels({"--precision", "bf16", "--threads", "4"}, err);
  EXPECT_EQ(get("out.ply"), one);
}

TEST_F(PrecisionOf, other_types_are_refused) {
  expect_usage_error({"town.ply", "-o", "out.ply", "--precision", "int8"},
                     "--precision: \"int8\" is none of float32, bf16, see --help");
}

}  // namespace
}  // namespace ptattn::test
