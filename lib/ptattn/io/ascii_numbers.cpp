#include "ptattn/io/ascii_numbers.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace ptattn::io {
namespace {

constexpr std::size_t kLongestWord = 1024;  // a float64 written out in full has 767 digits
constexpr std::size_t kLongestNumber = 32;  // that std::to_chars writes

constexpr bool is_blank(char c) {
  return is_space(c) && c != '\n';
}

// std::from_chars reports both ends of the range alike. Only numbers below one underflow: they
// have a negative exponent or start with zero.
bool underflows(std::string_view word) {
  const std::size_t exponent = word.find_first_of("eE");
  if (exponent != std::string_view::npos) return word[exponent + 1] == '-';
  const char first = word[word.find_first_not_of("+-")];
  return first == '0' || first == '.';
}

template <class T>
NumberFault parse_as(std::string_view word, T& value) {
  std::string_view digits = word;
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
  const char* const end = digits.data() + digits.size();
  const auto [stop, fault] = std::from_chars(digits.data(), end, value);
  if (fault == std::errc::invalid_argument || stop != end) return NumberFault::kNotANumber;
  if (fault == std::errc{}) return NumberFault::kNone;
  if constexpr (std::is_same_v<T, float>) {
    double wide = 0.0;  // reaches further down: keeps subnormals
    if (parse_as(word, wide) == NumberFault::kNone && std::abs(wide) < 1.0) {
      value = static_cast<float>(wide);
      return NumberFault::kNone;
    }
  } else if constexpr (std::is_same_v<T, double>) {
    if (underflows(digits)) {
      value = digits[0] == '-' ? -0.0 : 0.0;
      return NumberFault::kNone;
    }
  }
  return NumberFault::kOutOfRange;
}

template <class T>
void append_as(std::string& text, const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) {
      text += "nan";
      return;
    }
  }
  char digits[kLongestNumber];
  const auto [end, fault] = std::to_chars(digits, digits + kLongestNumber, value);
  text.append(digits, end);
}

/// The start of `word`, for an error message.
std::string quoted(std::string_view word) {
  std::string out = "'";
  return out.append(word.substr(0, 40)).append("'");
}

}  // namespace

void append_number(std::string& text, FieldType type, const std::byte* value) {
  visit_type(type, [&]<class T>(T) { append_as<T>(text, value); });
}

NumberFault parse_number(std::string_view word, FieldType type, std::byte* out) {
  return visit_type(type, [&]<class T>(T) {
    T value{};
    const NumberFault fault = parse_as(word, value);
    std::memcpy(out, &value, sizeof(T));
    return fault;
  });
}

std::string_view TextValues::next() {
  while (true) {
    const std::string_view window = stream_.window();
    std::size_t begin = 0;
    while (begin < window.size() && is_space(window[begin])) line_ += window[begin++] == '\n';
    std::size_t end = begin;
    while (end < window.size() && !is_space(window[end])) ++end;
    if (end - begin > kLongestWord) fail("a word of more than 1024 characters, expected a number");
    stream_.take(begin);
    // A word at the edge of the window may go on behind it.
    if (end == window.size() && stream_.refill()) continue;
    stream_.take(end - begin);
    return window.substr(begin, end - begin);
  }
}

bool TextValues::read(FieldType type, std::size_t count, std::byte* out) {
  const std::size_t size = size_of(type);
  for (std::size_t i = 0; i < count; ++i, out += size) {
    const std::string_view word = next();
    if (word.empty()) return false;
    const NumberFault fault = parse_number(word, type, out);
    if (fault == NumberFault::kNone) continue;
    const bool range = fault == NumberFault::kOutOfRange;
    fail(quoted(word) + (range ? " is out of the range of " : " is not a valid ") +
         std::string(name_of(type)));
  }
  return true;
}

bool TextValues::at_line_end() {
  while (true) {
    const std::string_view window = stream_.window();
    const auto found = std::ranges::find_if_not(window, is_blank);
    stream_.take(static_cast<std::size_t>(found - window.begin()));
    if (found != window.end()) return *found == '\n';
    if (!stream_.refill()) return true;
  }
}

void TextValues::expect_end() {
  const std::string_view word = next();
  if (!word.empty()) {
    fail(quoted(word) + " follows the last value that the header announces");
  }
}

std::unique_ptr<ValueReader> TextValues::clone() const {
  return std::make_unique<TextValues>(*this);
}

void TextValues::fail(std::string_view problem) const {
  stream_.source().fail("line " + std::to_string(line_) + ": " + std::string(problem));
}

}  // namespace ptattn::io
