#include "ptattn/core/error.hpp"

#include <gtest/gtest.h>

namespace ptattn::test {
namespace {

TEST(error, says_subject_and_problem_in_one_line) {
  const Error error(Fault::kInput, "a.ply", "empty file, expected a header");
  EXPECT_STREQ(error.what(), "a.ply: empty file, expected a header");
}

TEST(error, fault_is_the_exit_code) {
  EXPECT_EQ(Error(Fault::kUsage, "", "").exit_code(), 2);
  EXPECT_EQ(Error(Fault::kInput, "", "").exit_code(), 3);
  EXPECT_EQ(Error(Fault::kModel, "", "").exit_code(), 4);
  EXPECT_EQ(Error(Fault::kModel, "", "").fault(), Fault::kModel);
}

TEST(error, hostile_names_cannot_break_the_line) {
  const Error error(Fault::kInput, "a\nb\x1b[31m\x7f.ply", "bad\r\tvalue");
  EXPECT_STREQ(error.what(), "a?b?[31m?.ply: bad??value");
}

TEST(error, keeps_letters_beyond_ascii) {
  EXPECT_STREQ(Error(Fault::kInput, "Bäume.ply", "leer").what(), "Bäume.ply: leer");
}

TEST(error, is_a_runtime_error) {
  EXPECT_THROW(throw Error(Fault::kUsage, "k", "zero"), std::runtime_error);
}

}  // namespace
}  // namespace ptattn::test
