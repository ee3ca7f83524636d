#include "label_text.hpp"

#include <charconv>
#include <cmath>

#include "checks.hpp"

namespace ptattn::tools {
namespace {

constexpr double kLargest = 0x1p53;  // whole numbers beyond it are not all doubles

std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

}  // namespace

std::optional<std::int64_t> parse_label(std::string_view text) {
  text = without_plus(text);
  std::int64_t whole = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (failed == std::errc{} && end == text.data() + text.size()) return whole;
  const std::optional<double> number = parse_number(text);
  if (!number || !(std::abs(*number) <= kLargest) || *number != std::trunc(*number)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number);
}

bool is_number(std::string_view text) {
  const std::optional<double> number = parse_number(without_plus(text));
  return number && !std::isnan(*number);
}

std::string plain_label(const std::string& text) {
  const auto label = parse_label(text);
  return label ? std::to_string(*label) : text;
}

}  // namespace ptattn::tools
