#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "ptattn/cloud/field.hpp"

namespace ptattn::io {

/// Reads the values of a file's body front to back, whatever their encoding.
class ValueReader {
 public:
  virtual ~ValueReader() = default;

  /// Reads `count` values of `type` in native byte order; false when the body ends before.
  /// @throws Error(Fault::kInput) for a value that is none
  [[nodiscard]] virtual bool read(FieldType type, std::size_t count, std::byte* out) = 0;
  /// Returns what a user should know about the bytes behind the last value; empty when there are
  /// none, or only white space and zeros.
  [[nodiscard]] virtual std::string note_of_rest() = 0;

  /// Returns the fewest bytes that a value of `type` takes in the body.
  [[nodiscard]] virtual std::uint64_t least_bytes(FieldType type) const = 0;
  /// Returns the most bytes that the values to come can take; with least_bytes it bounds what a
  /// header may claim before anything is allocated.
  [[nodiscard]] virtual std::uint64_t most_bytes() const = 0;

  /// Returns a second reader at the same place.
  [[nodiscard]] virtual std::unique_ptr<ValueReader> clone() const = 0;
};

}  // namespace ptattn::io
