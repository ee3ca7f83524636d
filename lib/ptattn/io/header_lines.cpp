#include "ptattn/io/header_lines.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <numeric>
#include <utility>

#include "ptattn/io/ascii_numbers.hpp"

namespace ptattn::io {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

char lower_case(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

}  // namespace

void HeaderLines::begin() {
  line_end_ = '\n';
  stream_.refill();
  if (stream_.window().starts_with(kByteOrderMark)) stream_.take(kByteOrderMark.size());
  std::string_view window = stream_.window();
  const std::size_t end = window.find_first_of("\r\n");
  if (end == std::string_view::npos || window[end] == '\n') return;
  window = window.substr(end);
  const std::size_t behind = window.find_first_not_of('\r');
  if (behind == std::string_view::npos || window[behind] != '\n') line_end_ = '\r';
}

std::optional<std::string> HeaderLines::next() {
  if (line_end_ == '\0') begin();
  std::size_t end = stream_.window().find(line_end_);
  while (end == std::string_view::npos) {
    const std::size_t searched = stream_.window().size();
    if (offset() + searched > kLargestHeader || !stream_.refill()) break;
    end = stream_.window().find(line_end_, searched);
  }
  const std::string_view window = stream_.window();
  const bool unfinished = end == std::string_view::npos;
  if (unfinished) end = window.size();
  if (offset() + end > kLargestHeader) {
    stream_.source().fail("has a header that does not end within 1 MiB");
  }
  if (unfinished && window.empty()) return std::nullopt;
  std::string line(window.substr(0, end));
  stream_.take(unfinished ? end : end + 1);
  ++count_;
  while (line.ends_with('\r')) line.pop_back();
  return line;
}

void HeaderLines::fail(std::string_view problem) const {
  stream_.source().fail("line " + std::to_string(count_) + ": " + std::string(problem));
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> found;
  auto at = line.begin();
  while (true) {
    at = std::find_if_not(at, line.end(), is_blank);
    if (at == line.end()) return found;
    const auto end = std::find_if(at, line.end(), is_blank);
    found.emplace_back(at, end);
    at = end;
  }
}

std::string_view text_after(std::string_view line, std::string_view word) {
  line.remove_prefix(static_cast<std::size_t>(word.data() + word.size() - line.data()));
  if (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  return line;
}

std::optional<std::uint64_t> whole_number(std::string_view word) {
  std::uint64_t number = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, fault] = std::from_chars(word.data(), end, number);
  if (fault != std::errc{} || stop != end || word.empty()) return std::nullopt;
  return number;
}

bool is_keyword(std::string_view word, std::string_view keyword) {
  return std::ranges::equal(word, keyword, {}, lower_case, lower_case);
}

bool resembles(std::string_view word, std::string_view keyword) {
  constexpr std::size_t kMost = 2;
  if (word.size() > keyword.size() + kMost) return false;
  std::vector<std::size_t> row(word.size() + 1);  // letters to change, Levenshtein 1966
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < keyword.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < word.size(); ++j) {
      const bool differs = lower_case(keyword[i]) != lower_case(word[j]);
      const std::size_t changed = diagonal + (differs ? 1 : 0);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back() <= kMost && row.back() < keyword.size() / 2;
}

std::string UniqueNames::add(const std::string& wanted) {
  if (taken_.insert(wanted).second) return wanted;
  std::uint64_t& number = last_.emplace(wanted, 1).first->second;
  for (;;) {
    std::string name = wanted + "_" + std::to_string(++number);
    if (taken_.insert(name).second) return name;
  }
}

bool is_header_word(std::string_view name) {
  return !name.empty() && name.find_first_of(" \t\r\n") == std::string_view::npos;
}

std::string format_viewpoint(const std::array<double, 7>& viewpoint) {
  std::string text;
  for (const double& value : viewpoint) {
    if (!text.empty()) text += ' ';
    append_number(text, FieldType::kFloat64, reinterpret_cast<const std::byte*>(&value));
  }
  return text;
}

std::optional<std::array<double, 7>> parse_viewpoint(
    const std::vector<std::string_view>& seven_words) {
  std::array<double, 7> viewpoint{};
  if (seven_words.size() != viewpoint.size()) return std::nullopt;
  for (std::size_t i = 0; i < viewpoint.size(); ++i) {
    auto* const out = reinterpret_cast<std::byte*>(&viewpoint[i]);
    if (parse_number(seven_words[i], FieldType::kFloat64, out) != NumberFault::kNone) {
      return std::nullopt;
    }
  }
  return viewpoint;
}

}  // namespace ptattn::io
