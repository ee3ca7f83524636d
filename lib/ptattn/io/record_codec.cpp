#include "ptattn/io/record_codec.hpp"

#include <cstring>

namespace ptattn::io {
namespace {

inline std::uint8_t reversed(std::uint8_t v) {
  return v;
}
inline std::uint16_t reversed(std::uint16_t v) {
  return __builtin_bswap16(v);
}
inline std::uint32_t reversed(std::uint32_t v) {
  return __builtin_bswap32(v);
}
inline std::uint64_t reversed(std::uint64_t v) {
  return __builtin_bswap64(v);
}

// The first bytes of a point's values, and the bytes from one point to the next.
template <class Byte>
struct Strided {
  Byte* data;
  std::size_t step;
};
using From = Strided<const std::byte>;
using To = Strided<std::byte>;

template <class T, bool kSwap>
void copy_strided(From from, To to, std::size_t values, std::size_t points) {
  for (std::size_t i = 0; i < points; ++i, from.data += from.step, to.data += to.step) {
    for (std::size_t v = 0; v < values; ++v) {
      T value;
      std::memcpy(&value, from.data + v * sizeof(T), sizeof(T));
      if constexpr (kSwap) value = reversed(value);
      std::memcpy(to.data + v * sizeof(T), &value, sizeof(T));
    }
  }
}

template <class T>
void copy_column(From from, To to, std::size_t values, std::size_t points, bool swap) {
  if (swap) {
    copy_strided<T, true>(from, to, values, points);
  } else if (values == 1) {
    copy_strided<T, false>(from, to, 1, points);
  } else {
    for (std::size_t i = 0; i < points; ++i, from.data += from.step, to.data += to.step) {
      std::memcpy(to.data, from.data, values * sizeof(T));
    }
  }
}

template <class Byte>
void copy(const RecordColumn<Byte>& column, From from, To to, std::size_t points, bool swap) {
  const auto run = [&]<class T>(T) { copy_column<T>(from, to, column.values, points, swap); };
  switch (column.value_size) {
    case 1:
      return run(std::uint8_t{});
    case 2:
      return run(std::uint16_t{});
    case 4:
      return run(std::uint32_t{});
    default:
      return run(std::uint64_t{});
  }
}

}  // namespace

void unpack_records(std::span<const std::byte> records, std::size_t stride, bool swap,
                    std::size_t first, std::span<const RecordColumn<std::byte>> columns) {
  for (const RecordColumn<std::byte>& column : columns) {
    copy(column, {records.data() + column.offset, stride},
         {column.data + first * column.step, column.step}, records.size() / stride, swap);
  }
}

void pack_records(std::span<const RecordColumn<const std::byte>> columns, std::size_t first,
                  bool swap, std::size_t stride, std::span<std::byte> records) {
  for (const RecordColumn<const std::byte>& column : columns) {
    copy(column, {column.data + first * column.step, column.step},
         {records.data() + column.offset, stride}, records.size() / stride, swap);
  }
}

void swap_bytes(std::byte* values, std::size_t value_size, std::size_t count) {
  const RecordColumn<std::byte> column{.value_size = value_size};
  copy(column, {values, value_size}, {values, value_size}, count, true);
}

}  // namespace ptattn::io
