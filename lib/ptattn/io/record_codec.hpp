#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ptattn::io {

/// Represents one field's place in memory and in the records of a file: a record holds the fields
/// of one point side by side, memory holds one array a field.
/// @tparam Byte  std::byte to write the arrays, const std::byte to read them
template <class Byte>
struct RecordColumn {
  Byte* data = nullptr;        ///< value 0 of point 0
  std::size_t step = 0;        ///< bytes from point to point in memory; 0: the same for all
  std::size_t offset = 0;      ///< in the record
  std::size_t value_size = 1;  ///< 1, 2, 4 or 8
  std::size_t values = 1;      ///< a point
};

/// Distributes `records`, which belong to the points from `first` on, over the columns.
/// @param stride  bytes of a record
/// @param swap    reverse the bytes of every value
void unpack_records(std::span<const std::byte> records, std::size_t stride, bool swap,
                    std::size_t first, std::span<const RecordColumn<std::byte>> columns);

/// The inverse: fills `records` from the columns.
void pack_records(std::span<const RecordColumn<const std::byte>> columns, std::size_t first,
                  bool swap, std::size_t stride, std::span<std::byte> records);

/// Reverses the bytes of `count` values of `value_size` bytes each, in place.
void swap_bytes(std::byte* values, std::size_t value_size, std::size_t count);

}  // namespace ptattn::io
