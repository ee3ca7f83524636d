#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <span>
#include <string>

#include "../temp_folder.hpp"
#include "las_files.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::test {

/// What reading these bytes is refused with, empty where it is not.
inline std::string refusal_of_reading(const std::string& bytes) {
  try {
    (void)parse_cloud(std::as_bytes(std::span(bytes)), "a.las");
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kInput);
    return error.what();
  }
  return "";
}

/// Writes a value over the bytes from `at` on.
template <class T>
void put(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

/// Writes clouds to LAS files of a folder of its own.
class Las : public testing::Test {
 protected:
  [[nodiscard]] static PointCloud fixture(const std::string& name) {
    return read_cloud(las_folder() / name);
  }
  /// Written to LAS and read again.
  [[nodiscard]] PointCloud again(const PointCloud& cloud, const LasOptions& options = {}) const {
    write_cloud(folder_ / "again.las", cloud, Encoding::kBinary, options);
    return read_cloud(folder_ / "again.las");
  }
  [[nodiscard]] std::string refusal(const PointCloud& cloud) const {
    try {
      write_cloud(folder_ / "refused.las", cloud);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kInput);
      return error.what();
    }
    return "";
  }
  TempFolder folder_;
};

}  // namespace ptattn::test
