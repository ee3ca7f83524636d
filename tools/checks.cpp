#include "checks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "ptattn/core/text.hpp"
#include "suggest.hpp"
#include "text.hpp"

namespace ptattn::tools {
namespace {

template <class Check>
CLI::Validator validator(const Check& check, const std::string& description = "") {
  return {[check](std::string& text) { return std::string(check(text)); }, description};
}

}  // namespace

std::string short_text(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0.0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = failed == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

std::optional<std::size_t> parse_index(std::string_view text) {
  std::size_t index = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), index);
  const bool whole = failed == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional(index) : std::nullopt;
}

CLI::Validator whole_number(std::size_t low, std::size_t high) {
  return validator([low, high](const std::string& text) -> std::string {
    const auto value = parse_index(text);
    if (value && *value >= low && *value <= high) return "";
    return text + " is not a whole number from " + std::to_string(low) + " to " +
           std::to_string(high);
  });
}

CLI::Validator number(double low, double high) {
  return validator([low, high](const std::string& text) -> std::string {
    const auto value = parse_number(text);
    if (value && *value >= low && *value <= high) return "";
    return text + " is not a number from " + short_text(low) + " to " + short_text(high);
  });
}

CLI::Validator positive_number() {
  return validator([](const std::string& text) -> std::string {
    const auto value = parse_number(text);
    const auto narrow = static_cast<float>(value.value_or(0.0));
    return std::isfinite(narrow) && narrow > 0.0F ? "" : text + " is not a number above 0";
  });
}

CLI::Validator one_of(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list.append(list.empty() ? "{" : ",").append(name);
  return validator(
      [names](const std::string& text) -> std::string {
        if (std::ranges::find(names, text) != names.end()) return "";
        return quoted(text) + " is none of " + comma_joined(names) + did_you_mean(text, names);
      },
      list + "}");
}

CLI::Validator not_empty() {
  return validator([](const std::string& text) { return text.empty() ? "the name is empty" : ""; });
}

CLI::Validator field_name() {
  return validator([](const std::string& text) {
    const bool plain =
        std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
    return text.empty() || !plain ? "expected a name of printable ASCII without blanks" : "";
  });
}

}  // namespace ptattn::tools
