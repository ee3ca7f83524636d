#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "ptattn/models/files/weights.hpp"

namespace ptattn::test {

/// A folder of its own for the running test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            ("ptattn_" + std::string(info->test_suite_name()) + "_" + info->name() + "_" +
             std::to_string(::getpid()));
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes a file and returns its path.
  std::filesystem::path write(const std::string& name, std::string_view content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

 private:
  std::filesystem::path path_;
};

/// The bytes of a safetensors file with this header and data.
inline std::string safetensors(std::string_view header, std::string_view data) {
  const std::uint64_t length = header.size();
  std::string file(sizeof(length), '\0');
  std::memcpy(file.data(), &length, sizeof(length));
  return file + std::string(header) + std::string(data);
}

/// The same, with the header filled up by spaces so that the data is aligned.
inline std::string aligned_safetensors(std::string header, std::string_view data) {
  header.resize((header.size() + 7) / 8 * 8, ' ');
  return safetensors(header, data);
}

/// `source` as a file of F32 tensors.
inline std::string safetensors_of(const WeightSource& source) {
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const std::string& name : source.names()) {
    const std::vector<float> values = source.values(name);
    const std::size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    header[name] = {{"dtype", "F32"},
                    {"shape", *source.shape(name)},
                    {"data_offsets", std::vector<std::size_t>{begin, data.size()}}};
  }
  return aligned_safetensors(header.dump(), data);
}

}  // namespace ptattn::test
