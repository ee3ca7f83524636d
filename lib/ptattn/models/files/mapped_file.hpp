#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace ptattn {

/// A file's bytes, memory-mapped for reading.
class MappedFile {
 public:
  /// @throws Error(Fault::kModel) when it cannot be opened or is not a regular file
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ptattn
