#include "ptattn/models/files/json_tree.hpp"

#include <gtest/gtest.h>

#include <string>

#include "../expect_error.hpp"

namespace ptattn::test {
namespace {

std::string arrays(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(json_tree, is_what_the_plain_parser_makes) {
  for (const char* text :
       {"null", "[]", "{}", "-7", "18446744073709551615", "1e3", R"("a\u00e9\n")",
        R"([1, [2, [], {}], {"a": [true, false, null, {"b": -1.5}], "c": "d"}, "e"])",
        R"({"a": {"b": {"c": [[1, 2], [3, 4]]}, "d": []}, "a b": {"a": 1, "d": 2}, "": 0})"}) {
    EXPECT_EQ(parse_json(text, "input").root(), nlohmann::json::parse(text)) << text;
  }
}

TEST(json_tree, moves_with_its_value) {
  JsonTree first = parse_json(R"({"a": [1]})", "input");
  JsonTree second = std::move(first);
  EXPECT_EQ(second.root().dump(), R"({"a":[1]})");
  second = parse_json("[[2]]", "input");
  EXPECT_EQ(second.root().dump(), "[[2]]");
}

TEST(json_tree, nests_sixteen_levels_deep) {
  EXPECT_EQ(parse_json(arrays(16), "input").root().dump(), arrays(16));
  expect_model_error([] { (void)parse_json(arrays(17), "input"); },
                     {"input", "nests deeper than 16 levels"});
  expect_model_error([] { (void)parse_json(std::string(1'000'000, '['), "input"); },
                     {"nests deeper than 16 levels"});
}

TEST(json_tree, refuses_a_key_that_comes_twice) {
  expect_model_error([] { (void)parse_json(R"({"a": {"b": 1, "c": 2, "b": 3}})", "input"); },
                     {"input", "names the key \"b\" twice"});
}

TEST(json_tree, refuses_what_is_not_json) {
  for (const char* text : {"", "{", "[1,]", "{\"a\"}", "[1] 2", "\"\xff\"", "1e999", "nul"}) {
    expect_model_error([&] { (void)parse_json(text, "input"); }, {"input", "is not valid JSON: "});
  }
}

}  // namespace
}  // namespace ptattn::test
