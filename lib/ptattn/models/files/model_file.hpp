#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace ptattn {

/// Represents a file of a model folder, open for reading; safe from many threads.
///
/// It is read, not memory-mapped: a file that another process shortens meanwhile is an error then
/// and no SIGBUS.
class ModelFile {
 public:
  /// @throws Error(Fault::kModel) when it cannot be opened or is not a regular file
  explicit ModelFile(const std::filesystem::path& path);
  ~ModelFile();
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;

  /// Returns its size in bytes when it was opened.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Fills `out` with the bytes from `offset` on.
  /// @throws Error(Fault::kModel) when the file cannot be read or has become shorter
  void read(std::size_t offset, std::span<std::byte> out) const;
  /// Returns its first `bytes` bytes; see read.
  [[nodiscard]] std::string head(std::size_t bytes) const;

 private:
  std::string subject_;
  int descriptor_;
  std::size_t size_ = 0;
};

}  // namespace ptattn
