#pragma once

#include <string>
#include <vector>

namespace ptattn::tools {

/// Rows of a text with comma-separated values (RFC 4180): fields in quotes may hold commas, quotes
/// (doubled) and line breaks; empty lines are left out.
/// @param subject  what error messages call the text
/// @throws Error(Fault::kInput) when a quote has no end
[[nodiscard]] std::vector<std::vector<std::string>> parse_csv(const std::string& text,
                                                              const std::string& subject);

}  // namespace ptattn::tools
