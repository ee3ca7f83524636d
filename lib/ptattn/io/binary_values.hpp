#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/value_reader.hpp"

namespace ptattn::io {

/// Returns true for zeros and white space, with which programs pad files.
[[nodiscard]] bool is_padding(std::string_view bytes);

/// Returns what a user should know about the bytes of `source` from `offset` on, behind the `last`
/// that is read; empty when there are none, or only a little padding (128 KiB at most).
[[nodiscard]] std::string note_of_rest(
    const ByteSource& source, std::uint64_t offset,
    std::string_view last = "the last point that the header announces");

/// Represents the values of a binary PLY body.
class BinaryValues final : public ValueReader {
 public:
  /// @param swap  the file's byte order is not the machine's
  BinaryValues(ByteStream stream, bool swap) : stream_(std::move(stream)), swap_(swap) {}

  [[nodiscard]] bool read(FieldType type, std::size_t count, std::byte* out) override;
  [[nodiscard]] std::string note_of_rest() override;
  [[nodiscard]] std::uint64_t least_bytes(FieldType type) const override { return size_of(type); }
  [[nodiscard]] std::uint64_t most_bytes() const override { return stream_.remaining(); }
  [[nodiscard]] std::unique_ptr<ValueReader> clone() const override;

  [[nodiscard]] ByteStream& stream() { return stream_; }
  [[nodiscard]] const ByteStream& stream() const { return stream_; }
  [[nodiscard]] bool swap() const { return swap_; }

 private:
  ByteStream stream_;
  bool swap_;
};

}  // namespace ptattn::io
