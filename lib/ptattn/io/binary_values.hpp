#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/value_reader.hpp"

namespace ptattn::io {

/// The values of a binary PLY body.
class BinaryValues final : public ValueReader {
 public:
  /// @param swap  the file's byte order is not the machine's
  BinaryValues(ByteStream stream, bool swap) : stream_(std::move(stream)), swap_(swap) {}

  [[nodiscard]] bool read(FieldType type, std::size_t count, std::byte* out) override;
  void expect_end() override;
  [[nodiscard]] std::uint64_t least_bytes(FieldType type) const override { return size_of(type); }
  [[nodiscard]] std::uint64_t most_bytes() const override { return stream_.remaining(); }
  [[nodiscard]] std::unique_ptr<ValueReader> clone() const override;

  [[nodiscard]] ByteStream& stream() { return stream_; }
  [[nodiscard]] bool swap() const { return swap_; }

 private:
  ByteStream stream_;
  bool swap_;
};

}  // namespace ptattn::io
