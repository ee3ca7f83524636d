#pragma once

#include <cstddef>
#include <string>

namespace ptattn::tools {

/// Characters of UTF-8 text.
[[nodiscard]] std::size_t text_width(const std::string& text);

/// `text` with blanks behind it, so that it fills `columns`; longer text stays as it is.
[[nodiscard]] std::string left_aligned(std::string text, std::size_t columns);
/// The same with the blanks before it.
[[nodiscard]] std::string right_aligned(const std::string& text, std::size_t columns);

/// Returns `text` between double quotes.
[[nodiscard]] std::string quoted(const std::string& text);

/// "12.3 %" of a fraction, with this many decimals.
[[nodiscard]] std::string percent_text(double fraction, int decimals = 1);

/// "0.123"
[[nodiscard]] std::string fixed_text(double value, int decimals);

}  // namespace ptattn::tools
