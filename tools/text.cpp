#include "text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace ptattn::tools {

bool take_line(std::string_view& rest, std::string_view& line, char separator) {
  if (rest.empty()) return false;
  const std::size_t end = rest.find(separator);
  line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return true;
}

bool take_word(std::string_view& rest, std::string_view& word) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
  word = rest.substr(0, rest.find_first_of(kBlanks));
  rest.remove_prefix(word.size());
  return !word.empty();
}

std::size_t text_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string left_aligned(std::string text, std::size_t columns) {
  const std::size_t used = text_width(text);
  return used < columns ? text.append(columns - used, ' ') : text;
}

std::string right_aligned(const std::string& text, std::size_t columns) {
  const std::size_t used = text_width(text);
  return used < columns ? std::string(columns - used, ' ') + text : text;
}

std::string quoted(const std::string& text) {
  std::string between(1, '"');
  return between.append(text).append(1, '"');
}

std::string percent_text(double fraction, int decimals) {
  return fixed_text(100.0 * fraction, decimals) + " %";
}

std::string fixed_text(double value, int decimals) {
  std::array<char, 400> text;  // the largest double has 309 digits
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

}  // namespace ptattn::tools
