#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace ptattn::io::las {

/// Reads a number of sizeof(T) little-endian bytes.
template <class T>
[[nodiscard]] T load(const std::byte* from) {
  static_assert(std::endian::native == std::endian::little, "LAS records are read in place");
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

/// Writes a number as sizeof(T) little-endian bytes.
template <class T>
void store(std::byte* to, std::type_identity_t<T> value) {
  std::memcpy(to, &value, sizeof(T));
}

}  // namespace ptattn::io::las
