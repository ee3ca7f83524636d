#pragma once

#include <cstddef>
#include <cstring>

namespace ptattn {

/// Copies the bytes of a value: std::memcpy, without a call for the sizes that numbers have.
inline void copy_value(void* to, const void* from, std::size_t bytes) {
  switch (bytes) {
    case 1:
      std::memcpy(to, from, 1);
      break;
    case 2:
      std::memcpy(to, from, 2);
      break;
    case 4:
      std::memcpy(to, from, 4);
      break;
    case 8:
      std::memcpy(to, from, 8);
      break;
    default:
      std::memcpy(to, from, bytes);
  }
}

}  // namespace ptattn
