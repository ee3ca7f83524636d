#include "text.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using namespace tools;

std::vector<std::string> lines_of(std::string_view text, char separator) {
  std::vector<std::string> lines;
  for (std::string_view line; take_line(text, line, separator);) lines.emplace_back(line);
  return lines;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::string_view word; take_word(text, word);) words.emplace_back(word);
  return words;
}

TEST(text, ends_with_its_last_line_whether_a_separator_follows_or_not) {
  EXPECT_EQ(lines_of("a\n\nb", '\n'), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(lines_of("a\n\nb\n", '\n'), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(lines_of("", '\n'), std::vector<std::string>{});
}

TEST(text, is_parted_as_streams_part_it) {
  Random random(1);
  constexpr std::string_view kLetters("ab \n\t\r\v\f\0,", 10);
  for (int round = 0; round < 1000; ++round) {
    std::string text;
    for (auto i = random.below(20); i > 0; --i) text += kLetters[random.below(kLetters.size())];
    for (const char separator : {'\n', ',', '\0'}) {
      std::vector<std::string> lines;
      std::istringstream stream(text);
      for (std::string line; std::getline(stream, line, separator);) lines.push_back(line);
      ASSERT_EQ(lines_of(text, separator), lines) << testing::PrintToString(text);
    }
    std::vector<std::string> words;
    std::istringstream stream(text);
    for (std::string word; stream >> word;) words.push_back(word);
    ASSERT_EQ(words_of(text), words) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace ptattn::test
