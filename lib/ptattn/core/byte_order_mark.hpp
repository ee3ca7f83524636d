#pragma once

#include <string_view>

namespace ptattn {

/// Bytes that editors on Windows put before UTF-8 text.
inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Returns `text` without a byte-order mark at its beginning.
[[nodiscard]] constexpr std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

/// Returns true when `text` begins with the byte-order mark of UTF-16, of either byte order.
[[nodiscard]] constexpr bool is_utf16(std::string_view text) {
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
}

}  // namespace ptattn
