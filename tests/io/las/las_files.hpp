#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ptattn::test {

inline std::filesystem::path las_folder() {
  return std::filesystem::path(PTATTN_TEST_DIR) / "data/las";
}

/// "format3_extra.las" for every point format, plain and with extra bytes.
inline std::vector<std::string> fixture_names(const std::string& extension) {
  std::vector<std::string> names;
  for (int format = 0; format <= 10; ++format) {
    const std::string stem = "format" + std::to_string(format);
    names.push_back(stem + extension);
    names.push_back(stem + "_extra" + extension);
  }
  return names;
}

}  // namespace ptattn::test
