#include "file_set.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <new>
#include <system_error>

#include "ptattn/core/error.hpp"

namespace ptattn::tools {
namespace fs = std::filesystem;

std::optional<FileSet::Identity> FileSet::identity_of(const fs::path& path) {
  struct stat status {};
  const int failed = path == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(path.c_str(), &status);
  if (failed != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return Identity(status.st_dev, status.st_ino);
}

void FileSet::insert(const fs::path& path) {
  if (const auto identity = identity_of(path)) files_.insert(*identity);
}

void FileSet::insert_folder(const fs::path& folder) {
  std::error_code failed;
  fs::directory_iterator entry(folder, failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    insert(entry->path());
  }
  if (failed == std::errc::not_enough_memory) throw std::bad_alloc();
}

bool FileSet::contains(const fs::path& path) const {
  const auto identity = identity_of(path);
  return identity && files_.contains(*identity);
}

void refuse_overwriting(const std::string& output, const FileSet& inputs,
                        const std::string& option) {
  if (output.empty() || output == "-" || !inputs.contains(output)) return;
  throw Error(Fault::kUsage, output, "is an input, " + option + " would overwrite it");
}

}  // namespace ptattn::tools
