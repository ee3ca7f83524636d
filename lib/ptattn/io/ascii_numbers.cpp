#include "ptattn/io/ascii_numbers.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "ptattn/io/binary_values.hpp"
#include "ptattn/io/header_lines.hpp"

namespace ptattn::io {
namespace {

constexpr std::size_t kLongestWord = 1024;  // a float64 written out in full has 767 digits
constexpr std::size_t kLongestNumber = 32;  // that std::to_chars writes

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

// ---- what other programs write instead of plain numbers

bool begins_with(std::string_view text, std::string_view with) {
  return std::ranges::equal(text.substr(0, with.size()), with, [](unsigned char a, char b) {
    return static_cast<char>(std::tolower(a)) == b;
  });
}

/// NaN and infinity as the C library of Microsoft wrote them before 2015, also rounded to few
/// digits (1.#QO, 1.#J, which may stand for either: NaN), and as it writes them since.
template <class T>
bool parse_not_finite(std::string_view word, T& value) {
  const bool negative = word.starts_with('-');
  if (negative || word.starts_with('+')) word.remove_prefix(1);
  const bool old = word.starts_with("1.#");
  if (!old && !begins_with(word, "nan(")) return false;
  const bool infinite = old && begins_with(word.substr(3), "inf");
  value = infinite ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::quiet_NaN();
  if (infinite && negative) value = -value;
  return true;
}

template <class T>
NumberFault parse_whole(std::string_view word, T& value) {
  const bool yes = begins_with(word, "true") && word.size() == 4;
  const bool no = begins_with(word, "false") && word.size() == 5;
  if (yes || no) {
    value = static_cast<T>(yes);
    return NumberFault::kNone;
  }
  // Digits stay exact: 1600000000000000001.000 is no double.
  const std::size_t point = word.find('.');
  if (point != std::string_view::npos && point > 0 &&
      word.find_first_not_of('0', point + 1) == std::string_view::npos) {
    return parse_as(word.substr(0, point), value);
  }
  double real = 0.0;
  if (word.find_first_of(".eE") == std::string_view::npos ||
      parse_as(word, real) != NumberFault::kNone || real != std::trunc(real)) {
    return NumberFault::kNotANumber;
  }
  constexpr double kExact = 0x1p53;
  if (!(std::abs(real) <= kExact) || real < static_cast<double>(std::numeric_limits<T>::min()) ||
      real > static_cast<double>(std::numeric_limits<T>::max())) {
    return NumberFault::kOutOfRange;
  }
  value = static_cast<T>(real);
  return NumberFault::kNone;
}

/// What parse_as does not know. Rare, so it may cost.
template <class T>
NumberFault parse_unusual(std::string_view word, T& value) {
  if (word.starts_with(kByteOrderMark)) {
    word.remove_prefix(kByteOrderMark.size());
    const NumberFault fault = parse_as(word, value);
    if (fault != NumberFault::kNotANumber) return fault;
  }
  if constexpr (std::is_integral_v<T>) {
    return parse_whole(word, value);
  } else {
    if (parse_not_finite(word, value)) return NumberFault::kNone;
    // Exponents of Fortran.
    const std::size_t exponent = word.find_first_of("dD");
    if (exponent == std::string_view::npos || exponent == 0) return NumberFault::kNotANumber;
    std::string plain(word);
    plain[exponent] = 'e';
    return parse_as(std::string_view(plain), value);
  }
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
    NumberFault fault = parse_as(word, value);
    if (fault == NumberFault::kNotANumber) fault = parse_unusual(word, value);
    std::memcpy(out, &value, sizeof(T));
    return fault;
  });
}

bool TextValues::skip_space() {
  while (true) {
    const std::string_view window = stream_.window();
    std::size_t begin = 0;
    while (begin < window.size() && is_space(window[begin])) line_ += window[begin++] == line_end_;
    stream_.take(begin);
    if (begin < window.size()) return true;
    if (!stream_.refill()) return false;
  }
}

std::string_view TextValues::next() {
  while (true) {
    const std::string_view window = stream_.window();
    std::size_t begin = 0;
    while (begin < window.size() && is_space(window[begin])) line_ += window[begin++] == line_end_;
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
    const bool comma = word.find(',') != std::string_view::npos;
    fail(quoted(word) + (range ? " is out of the range of " : " is not a valid ") +
         std::string(name_of(type)) +
         (comma ? ", expected points in numbers and blanks between them" : ""));
  }
  return true;
}

bool TextValues::at_line_end() {
  while (true) {
    const std::string_view window = stream_.window();
    const auto found =
        std::ranges::find_if_not(window, [&](char c) { return is_space(c) && c != line_end_; });
    stream_.take(static_cast<std::size_t>(found - window.begin()));
    if (found != window.end()) return *found == line_end_;
    if (!stream_.refill()) return true;
  }
}

std::string TextValues::note_of_rest() {
  if (!skip_space() || is_padding(stream_.window())) return "";
  return "line " + std::to_string(line_) +
         ": continues after the last value that the header announces, the rest is left out";
}

std::unique_ptr<ValueReader> TextValues::clone() const {
  return std::make_unique<TextValues>(*this);
}

void TextValues::fail(std::string_view problem) const {
  stream_.source().fail("line " + std::to_string(line_) + ": " + std::string(problem));
}

}  // namespace ptattn::io
