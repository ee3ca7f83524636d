#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ptattn::tools {

// Streams take a lack of memory for the end of their text and say nothing; these ask for none.

/// Takes the next line off the front of `rest`; false at its end. What stands behind the last
/// separator is a line unless it is empty, as for std::getline.
/// @param separator  ends a line and is not part of it
[[nodiscard]] bool take_line(std::string_view& rest, std::string_view& line, char separator = '\n');
/// Takes the next word off the front of `rest`, between blanks (space, \t, \n, \v, \f, \r); false
/// where there is none.
[[nodiscard]] bool take_word(std::string_view& rest, std::string_view& word);

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
