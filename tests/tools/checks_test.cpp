#include "checks.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ptattn::test {
namespace {

using namespace tools;

std::string said(const CLI::Validator& check, std::string value) {
  return check(value);
}

TEST(checks, whole_numbers_have_bounds) {
  EXPECT_EQ(said(whole_number(1, 9), "9"), "");
  for (const char* const wrong : {"0", "10", "-1", "1.5", "one", "", "1 "}) {
    EXPECT_EQ(said(whole_number(1, 9), wrong),
              std::string(wrong) + " is not a whole number from 1 to 9");
  }
}

TEST(checks, numbers_have_bounds) {
  EXPECT_EQ(said(number(0.01, 1000.0), "0.01"), "");
  EXPECT_EQ(said(number(0.01, 1000.0), "0"), "0 is not a number from 0.01 to 1000");
  EXPECT_EQ(said(number(0.01, 1000.0), "nan"), "nan is not a number from 0.01 to 1000");
}

TEST(checks, positive_numbers_fit_float32) {
  EXPECT_EQ(said(positive_number(), "1e-9"), "");
  for (const char* const wrong : {"0", "-1", "inf", "nan", "1e39", "1e-60", "2x"}) {
    EXPECT_EQ(said(positive_number(), wrong), std::string(wrong) + " is not a number above 0");
  }
}

TEST(checks, one_of_a_list_suggests_the_nearest) {
  const CLI::Validator check = one_of({"table", "jsonl"});
  EXPECT_EQ(said(check, "jsonl"), "");
  EXPECT_EQ(said(check, "xml"), "\"xml\" is none of table, jsonl");
  EXPECT_EQ(said(check, "tables"), "\"tables\" is none of table, jsonl, did you mean table?");
  EXPECT_EQ(check.get_description(), "{table,jsonl}");
}

TEST(checks, field_names_have_no_blanks) {
  EXPECT_EQ(said(field_name(), "label_2"), "");
  for (const char* const wrong : {"", "a b", "a\n", "\xc3\xa4"}) {
    EXPECT_NE(said(field_name(), wrong), "") << wrong;
  }
}

}  // namespace
}  // namespace ptattn::test
