#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ptattn::tools {

/// Checks of option values that say what is wrong in our own words, the same with every version of
/// CLI11.

/// Returns the number that `text` is as a whole; nullopt for anything else.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);
/// Returns the whole number from 0 that `text` is; nullopt for anything else.
[[nodiscard]] std::optional<std::size_t> parse_index(std::string_view text);

/// Returns a number as people write it: "0.25", "200000", "1e+12".
[[nodiscard]] std::string short_text(double value);

/// Accepts whole numbers from `low` to `high`.
[[nodiscard]] CLI::Validator whole_number(std::size_t low, std::size_t high);
/// Accepts numbers from `low` to `high`.
[[nodiscard]] CLI::Validator number(double low, double high);
/// Accepts numbers above 0 that float32 can hold.
[[nodiscard]] CLI::Validator positive_number();
/// Accepts the names of a list; help, manual page and completion show them.
[[nodiscard]] CLI::Validator one_of(const std::vector<std::string>& names);
/// Accepts any text but the empty one.
[[nodiscard]] CLI::Validator not_empty();
/// Accepts names of fields: printable ASCII without blanks, which PLY and PCD headers can hold.
[[nodiscard]] CLI::Validator field_name();

}  // namespace ptattn::tools
