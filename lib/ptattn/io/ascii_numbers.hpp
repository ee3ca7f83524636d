#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ptattn/cloud/field.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/value_reader.hpp"

namespace ptattn::io {

/// Appends the shortest decimal text that reads back to the same bits; a NaN becomes "nan", its
/// sign and payload are lost.
/// @param value  one value of `type`, any alignment
void append_number(std::string& text, FieldType type, const std::byte* value);

enum class NumberFault { kNone, kNotANumber, kOutOfRange };

/// Reads all of `word` as a `type` into `out`. Floats take exponents (1e3, 1d3) and "nan" and "inf"
/// in the spellings of C and of old Windows programs (1.#QNAN, -1.#IND, 1.#INF, nan(ind)); what is
/// too small for them becomes zero or subnormal, what is too large is out of range. Integers take
/// digits and a sign, real numbers that are whole (10.000), true and false. A byte-order mark
/// before a word is skipped.
[[nodiscard]] NumberFault parse_number(std::string_view word, FieldType type, std::byte* out);

/// Returns what parts words: space, tab, line ends, form feed.
[[nodiscard]] constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Represents the words of a text body, with the line each stands on.
class TextValues final : public ValueReader {
 public:
  /// @param line      number of the line that starts at the stream's offset, from 1
  /// @param line_end  what ends a line: '\n', or '\r' where that stands alone
  TextValues(ByteStream stream, std::uint64_t line, char line_end = '\n')
      : stream_(std::move(stream)), line_(line), line_end_(line_end) {}

  /// Returns the next word across any white space, empty at the end. Valid until the next call.
  /// @throws Error(Fault::kInput) for a word that no number is as long as
  [[nodiscard]] std::string_view next();
  /// @throws Error(Fault::kInput) naming the line, for a word that is no such number
  [[nodiscard]] bool read(FieldType type, std::size_t count, std::byte* out) override;
  /// Returns true when nothing but blanks is left on the current line.
  [[nodiscard]] bool at_line_end();
  /// Moves to the next word; false at the end. line() and offset() are those of the word then.
  bool skip_space();
  [[nodiscard]] std::uint64_t offset() const { return stream_.offset(); }
  [[nodiscard]] std::string note_of_rest() override;
  /// Returns a digit and a space; the last value goes without the space.
  [[nodiscard]] std::uint64_t least_bytes(FieldType) const override { return 2; }
  [[nodiscard]] std::uint64_t most_bytes() const override { return stream_.remaining() + 1; }
  [[nodiscard]] std::unique_ptr<ValueReader> clone() const override;

  [[nodiscard]] std::uint64_t line() const { return line_; }
  /// @throws Error(Fault::kInput) naming the current line, always
  [[noreturn]] void fail(std::string_view problem) const;

 private:
  ByteStream stream_;
  std::uint64_t line_;
  char line_end_;
};

}  // namespace ptattn::io
