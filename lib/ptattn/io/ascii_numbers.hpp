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

/// Reads all of `word` as a `type` into `out`. Floats take "nan", "inf" and exponents; what is too
/// small for them becomes zero or subnormal, what is too large is out of range. Integers take
/// nothing but digits and a sign.
[[nodiscard]] NumberFault parse_number(std::string_view word, FieldType type, std::byte* out);

/// What parts words: space, tab, line ends, form feed.
[[nodiscard]] constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// The words of a text body, with the line each stands on.
class TextValues final : public ValueReader {
 public:
  /// @param line  number of the line that starts at the stream's offset, from 1
  TextValues(ByteStream stream, std::uint64_t line) : stream_(std::move(stream)), line_(line) {}

  /// The next word across any white space, empty at the end. Valid until the next call.
  /// @throws Error(Fault::kInput) for a word that no number is as long as
  [[nodiscard]] std::string_view next();
  /// @throws Error(Fault::kInput) naming the line, for a word that is no such number
  [[nodiscard]] bool read(FieldType type, std::size_t count, std::byte* out) override;
  /// True when nothing but blanks is left on the current line.
  [[nodiscard]] bool at_line_end();
  void expect_end() override;
  /// A digit and a space; the last value goes without the space.
  [[nodiscard]] std::uint64_t least_bytes(FieldType) const override { return 2; }
  [[nodiscard]] std::uint64_t most_bytes() const override { return stream_.remaining() + 1; }
  [[nodiscard]] std::unique_ptr<ValueReader> clone() const override;

  [[nodiscard]] std::uint64_t line() const { return line_; }
  /// @throws Error(Fault::kInput) naming the current line, always
  [[noreturn]] void fail(std::string_view problem) const;

 private:
  ByteStream stream_;
  std::uint64_t line_;
};

}  // namespace ptattn::io
