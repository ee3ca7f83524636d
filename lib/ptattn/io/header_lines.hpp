#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ptattn/core/byte_order_mark.hpp"
#include "ptattn/io/byte_source.hpp"

namespace ptattn::io {

/// Headers longer than this are refused, read or written: they bound what a header may cost.
inline constexpr std::uint64_t kLargestHeader = std::uint64_t{1} << 20;

/// Hands out the lines of a file's header. A byte-order mark before the first is skipped.
class HeaderLines {
 public:
  explicit HeaderLines(const ByteSource& source) : stream_(source) {}

  /// Returns the next line without its end; nothing at the end of the file. Lines end with LF or CR
  /// LF; with CR alone where the first does.
  /// @throws Error(Fault::kInput) past kLargestHeader
  [[nodiscard]] std::optional<std::string> next();
  /// Returns lines handed out so far.
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Returns what lines end with: '\n', or '\r' where that stands alone.
  [[nodiscard]] char line_end() const { return line_end_; }
  /// Returns the offset in the file of the byte behind the last line.
  [[nodiscard]] std::uint64_t offset() const { return stream_.offset(); }

  /// @throws Error(Fault::kInput) naming the last line, always
  [[noreturn]] void fail(std::string_view problem) const;

 private:
  void begin();

  ByteStream stream_;
  std::uint64_t count_ = 0;
  char line_end_ = '\0';  // not known before the first line
};

/// Returns the words of a line, which spaces and tabs part.
[[nodiscard]] std::vector<std::string_view> words(std::string_view line);
/// Returns what follows `word`, a part of `line`, after one space or tab.
[[nodiscard]] std::string_view text_after(std::string_view line, std::string_view word);
/// Returns a decimal number without sign; nothing for any other text or past 64 bits.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view word);

/// Returns true for `keyword` in capitals or not.
[[nodiscard]] bool is_keyword(std::string_view word, std::string_view keyword);
/// Returns true when `word` is at most two wrong, missing or additional letters away from
/// `keyword`, in capitals or not: a slip of the pen rather than something else.
[[nodiscard]] bool resembles(std::string_view word, std::string_view keyword);
/// Hands out names of which no two are equal.
class UniqueNames {
 public:
  /// Returns `wanted`, or the first of wanted_2, wanted_3, ... that was not handed out before.
  [[nodiscard]] std::string add(const std::string& wanted);

 private:
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, std::uint64_t> last_;  // number behind a name
};

/// Returns a name as headers can hold it: not empty, no spaces, tabs or line breaks.
[[nodiscard]] bool is_header_word(std::string_view name);

/// Returns three positions and a quaternion (tx ty tz qw qx qy qz) as text, and back.
[[nodiscard]] std::string format_viewpoint(const std::array<double, 7>& viewpoint);
[[nodiscard]] std::optional<std::array<double, 7>> parse_viewpoint(
    const std::vector<std::string_view>& seven_words);

}  // namespace ptattn::io
