// ptattn-eval: which true cloud belongs to which prediction.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tool_test.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;

/// One point for every class, as ASCII PLY.
std::string labelled(const std::vector<int>& classes) {
  std::string text = "ply\nformat ascii 1.0\nelement vertex " + std::to_string(classes.size()) +
                     "\nproperty float x\nproperty float y\nproperty float z\n"
                     "property int label\nend_header\n";
  for (std::size_t i = 0; i < classes.size(); ++i) {
    text += std::to_string(i) + " 0 0 " + std::to_string(classes[i]) + "\n";
  }
  return text;
}

class EvalPairs : public ToolTest {
 protected:
  EvalPairs() : ToolTest(PTATTN_EVAL) {
    for (const char* const name : {"p", "t"}) fs::create_directories(folder() / name);
  }
  void put_compressed(const std::string& name, const std::vector<int>& classes) const {
    put(name, labelled(classes));
    ASSERT_EQ(std::system(("gzip -f '" + (folder() / name).string() + "'").c_str()), 0);
  }
  /// The number of points that were compared.
  [[nodiscard]] int points() const {
    const Finished finished =
        run_tool({"p", "--truth-file", "t", "--truth", "label", "--format", "json"});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return finished.exit_code == 0 ? nlohmann::json::parse(finished.out).at("points").get<int>()
                                   : -1;
  }
};

TEST_F(EvalPairs, either_side_may_be_compressed) {
  put("p/a.ply", labelled({0, 1}));
  put_compressed("t/a.ply", {0, 1});
  put_compressed("p/b.ply", {0, 1, 1});
  put("t/b.ply", labelled({0, 1, 0}));
  put_compressed("p/c.ply", {1, 1, 0, 0});
  put_compressed("t/c.ply", {1, 1, 0, 0});
  EXPECT_EQ(points(), 9);
}

TEST_F(EvalPairs, a_name_that_is_there_as_it_is_comes_first) {
  put("p/a.ply", labelled({0, 1}));
  put("t/a.ply", labelled({0, 1}));
  put_compressed("t/a.pcd", {0, 1, 1});
  EXPECT_EQ(points(), 2);
}

TEST_F(EvalPairs, points_in_another_order_are_matched_by_coordinates_of_any_spelling) {
  const std::string plain = labelled({0, 1, 1, 0, 1});
  std::string other =
      "ply\nformat ascii 1.0\nelement vertex 5\nproperty double X\nproperty double Y\n"
      "property double Z\nproperty int label\nend_header\n";
  for (const char* const line : {"4 0 0 1", "0 0 0 0", "2 0 0 1", "1 0 0 1", "3 0 0 0"}) {
    other += std::string(line) + "\n";
  }
  put("p/a.ply", plain);
  put("t/a.ply", other);
  for (const std::vector<std::string>& sides :
       {std::vector<std::string>{"p", "--truth-file", "t"}, {"t", "--truth-file", "p"}}) {
    std::vector<std::string> arguments = sides;
    arguments.insert(arguments.end(), {"--truth", "label", "--format", "json"});
    const Finished finished = run_tool(arguments);
    ASSERT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_EQ(nlohmann::json::parse(finished.out).at("overall_accuracy").get<double>(), 1.0);
    EXPECT_THAT(finished.err, testing::HasSubstr("matched by coordinates"));
  }
}

}  // namespace
}  // namespace ptattn::test
