// The options that ptattn-train shares with the other commands.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tool_test.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;

class TrainOptions : public ToolTest {
 protected:
  TrainOptions() : ToolTest(PTATTN_TRAIN) {}
};

TEST_F(TrainOptions, models_are_listed) {
  const Finished finished = run_tool({"--list-models"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.out, HasSubstr("tiny  pct_cls  5 classes"));
  EXPECT_EQ(finished.err, "");
}

TEST_F(TrainOptions, misspelt_ones_and_misspelt_models_are_suggested) {
  expect_usage_errors(
      {{{"data", "--outputt", "m"}, "--outputt: unknown option, did you mean --output?"},
       {{"data", "-o", ""}, "--output: the name is empty, see --help"}});
  const Finished finished = run_tool({"data", "-o", "m", "--init", "tinny", "--dry-run"});
  EXPECT_EQ(finished.exit_code, 4);
  EXPECT_THAT(finished.err, HasSubstr(", did you mean tiny?\n"));
}

}  // namespace
}  // namespace ptattn::test
