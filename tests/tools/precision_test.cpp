// --precision of ptattn-segment, with the pretrained model.

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

/// The share of equal values.
double share_alike(const std::vector<double>& some, const std::vector<double>& others) {
  if (some.size() != others.size()) return 0.0;
  double alike = 0.0;
  for (std::size_t i = 0; i < some.size(); ++i) alike += some[i] == others[i] ? 1.0 : 0.0;
  return alike / static_cast<double>(some.size());
}

TEST_F(PrecisionOf, rounded_networks_label_nearly_all_points_alike_and_are_remembered) {
  std::string err;
  const std::vector<double> exact = labels({}, err);
  EXPECT_THAT(read_cloud(folder() / "out.ply").metadata().comments,
              Not(Contains(HasSubstr("precision"))));
  for (const std::string type : {"bf16", "int8"}) {
    const std::vector<double> rounded = labels({"--precision", type}, err);
    EXPECT_EQ(type == "bf16" && !has_bf16_unit(), err.find("takes longer") != std::string::npos);
    EXPECT_THAT(read_cloud(folder() / "out.ply").metadata().comments,
                Contains("ptattn option precision=" + type));
    EXPECT_GT(share_alike(rounded, exact), 0.995) << type;
  }
}

TEST_F(PrecisionOf, rounded_networks_give_the_same_bytes_for_any_number_of_threads) {
  std::string err;
  for (const std::string type : {"bf16", "int8"}) {
    (void)labels({"--precision", type, "--threads", "1"}, err);
    const std::string one = get("out.ply");
    (void)labels({"--precision", type, "--threads", "4"}, err);
    EXPECT_EQ(get("out.ply"), one) << type;
  }
}

TEST_F(PrecisionOf, other_types_are_refused) {
  expect_usage_error({"town.ply", "-o", "out.ply", "--precision", "int4"},
                     "--precision: \"int4\" is none of float32, bf16, int8, did you mean int8?");
}

}  // namespace
}  // namespace ptattn::test
