#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ptattn::tools {

/// What people write for "no label" where labels are floating-point numbers.
inline constexpr std::string_view kNoLabelText = "nan";

/// Reads a label: a whole number of 64 bits, also written "2.0", "02" or "+2"; nullopt for other
/// texts, such as "2.5" and "two".
[[nodiscard]] std::optional<std::int64_t> parse_label(std::string_view text);

/// True for texts that are numbers, whole or not; "nan" is none.
[[nodiscard]] bool is_number(std::string_view text);

/// Returns a label as it is compared, "2" for "2.0"; other texts as they are.
[[nodiscard]] std::string plain_label(const std::string& text);

}  // namespace ptattn::tools
