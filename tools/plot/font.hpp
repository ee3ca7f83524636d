#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ptattn::tools {

inline constexpr std::size_t kGlyphColumns = 5;
inline constexpr std::size_t kGlyphRows = 9;  ///< seven above the line, two below
inline constexpr std::size_t kGlyphAdvance = kGlyphColumns + 1;

/// The picture of a character: row after row from the top, the leftmost column is the bit of value
/// 16. What is not printable ASCII looks like '?'.
[[nodiscard]] std::array<std::uint8_t, kGlyphRows> glyph_of(char c);

}  // namespace ptattn::tools
