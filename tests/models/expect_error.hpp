#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ptattn/core/error.hpp"

namespace ptattn::test {

/// `action` must throw an Error of this fault with one line that contains all of `parts`.
template <class Action>
void expect_error(Fault fault, const Action& action, const std::vector<std::string>& parts) {
  try {
    action();
    ADD_FAILURE() << "nothing was thrown, expected an error with: " << parts.front();
  } catch (const Error& e) {
    const std::string line = e.what();
    EXPECT_EQ(e.fault(), fault) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    for (const std::string& part : parts) EXPECT_THAT(line, testing::HasSubstr(part));
  }
}

template <class Action>
void expect_model_error(const Action& action, const std::vector<std::string>& parts) {
  expect_error(Fault::kModel, action, parts);
}

}  // namespace ptattn::test
