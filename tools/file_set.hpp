#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace ptattn::tools {

/// Files that a command reads, by what they are (device and inode) rather than by their names, so
/// that links and other spellings of a path are the same file.
class FileSet {
 public:
  /// Adds a file; `-` is standard input. What is not there, or is no regular file, is left out.
  void insert(const std::filesystem::path& path);
  /// Adds the files that lie in a folder, those of a model for example; folders in it are left out.
  void insert_folder(const std::filesystem::path& folder);
  /// True when `path` is one of the files. Time O(log n).
  [[nodiscard]] bool contains(const std::filesystem::path& path) const;

 private:
  using Identity = std::pair<dev_t, ino_t>;
  [[nodiscard]] static std::optional<Identity> identity_of(const std::filesystem::path& path);

  std::set<Identity> files_;
};

/// Refuses an output that is also read: it would be lost before its time.
/// @param output  empty: standard output
/// @param option  what names the output
/// @throws Error(Fault::kUsage) when `output` is one of `inputs`
void refuse_overwriting(const std::string& output, const FileSet& inputs,
                        const std::string& option = "--output");

}  // namespace ptattn::tools
