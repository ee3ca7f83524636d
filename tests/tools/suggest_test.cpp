#include "suggest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ptattn::test {
namespace {

using namespace tools;

const std::vector<std::string> kOptions{"--colorize", "--codes", "--neighbors", "--list-layers",
                                        "--radius"};

TEST(suggest, finds_what_differs_in_few_letters) {
  EXPECT_EQ(nearest_name("--neigbhors", kOptions), "--neighbors");
  EXPECT_EQ(nearest_name("--radii", kOptions), "--radius");
  EXPECT_EQ(nearest_name("--CODES", kOptions), "--codes");
}

TEST(suggest, finds_what_begins_alike) {
  EXPECT_EQ(nearest_name("--colour", kOptions), "--colorize");
  EXPECT_EQ(nearest_name("--list", kOptions), "--list-layers");
}

TEST(suggest, has_no_advice_for_other_words) {
  EXPECT_EQ(nearest_name("--quality", kOptions), "");
  EXPECT_EQ(nearest_name("", kOptions), "");
  EXPECT_EQ(nearest_name("x", {}), "");
  EXPECT_EQ(did_you_mean("--quality", kOptions), "");
}

TEST(suggest, words_the_question) {
  EXPECT_EQ(did_you_mean("--colour", kOptions), ", did you mean --colorize?");
}

TEST(suggest, prefers_the_nearest) {
  const std::vector<std::string> classes{"buildings", "building", "bridge"};
  EXPECT_EQ(nearest_name("bulding", classes), "building");
}

}  // namespace
}  // namespace ptattn::test
