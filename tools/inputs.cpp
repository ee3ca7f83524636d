#include "inputs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <istream>
#include <system_error>

#include "ptattn/core/error.hpp"
#include "ptattn/core/stop.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::tools {
namespace fs = std::filesystem;
namespace {

/// Appends the clouds below `folder`; sub-folders that cannot be listed are inputs with a problem.
void collect(const fs::path& folder, std::vector<Input>& found) {
  std::error_code failed;
  fs::directory_iterator entry(folder, failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
      collect(entry->path(), found);
    } else if (has_cloud_extension(entry->path()) && !entry->is_directory(ignored)) {
      found.push_back({entry->path(), ""});
    }
  }
  if (failed) found.push_back({folder, "cannot be listed, " + failed.message()});
}

void expand(const fs::path& path, std::vector<Input>& inputs) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    inputs.push_back({path, ""});
    return;
  }
  std::vector<Input> found;
  collect(path, found);
  if (found.empty()) found.push_back({path, "no *.ply, *.pcd, *.las or *.laz file in this folder"});
  std::sort(found.begin(), found.end(),
            [](const Input& a, const Input& b) { return a.path.native() < b.path.native(); });
  inputs.insert(inputs.end(), found.begin(), found.end());
}

void expand_list(std::istream& list, char delimiter, std::vector<Input>& inputs) {
  for (std::string line; std::getline(list, line, delimiter);) {
    if (delimiter == '\n' && line.ends_with('\r')) line.pop_back();
    if (!line.empty()) expand(line, inputs);
  }
  throw_if_stopped();  // which cut the list short
  if (list.bad()) throw Error(Fault::kInput, "standard input", "cannot be read");
}

}  // namespace

std::vector<Input> expand_inputs(const std::vector<std::string>& arguments, std::istream& list,
                                 char delimiter) {
  std::vector<Input> inputs;
  for (const std::string& argument : arguments) {
    if (argument == "-") {
      expand_list(list, delimiter, inputs);
    } else {
      expand(argument, inputs);
    }
  }
  return inputs;
}

FileSet files_of(const std::vector<Input>& inputs) {
  FileSet files;
  for (const Input& input : inputs) files.insert(input.path);
  return files;
}

void prefetch(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return;  // opening a named pipe would disturb its writer
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_WILLNEED);
  ::close(descriptor);
}

}  // namespace ptattn::tools
