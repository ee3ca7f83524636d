#pragma once

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::test {

inline PointCloud parse(std::string_view file) {
  return parse_cloud(std::as_bytes(std::span(file)), "a.ply");
}

/// The message of the error that parsing `file` ends with; "" when there is none.
inline std::string refusal(std::string_view file) {
  try {
    (void)parse(file);
  } catch (const Error& e) {
    return e.fault() == Fault::kInput ? e.what() : "not an input fault";
  }
  return "";
}

template <class T>
std::vector<T> values(const PointCloud& cloud, std::string_view name) {
  const auto span = cloud.find(name)->values<T>();
  return {span.begin(), span.end()};
}

/// The bytes of `value` in memory, or reversed.
template <class T>
std::string raw(T value, bool reversed = false) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return reversed ? std::string(bytes.rbegin(), bytes.rend()) : bytes;
}

}  // namespace ptattn::test
