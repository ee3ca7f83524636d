#include "inputs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <span>
#include <string_view>
#include <system_error>

#include "ptattn/core/byte_order_mark.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/stop.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/file_kind.hpp"
#include "text.hpp"

namespace ptattn::tools {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kAppleDouble = "._";  // what macOS leaves beside a file

/// Appends the clouds below `folder`; sub-folders that cannot be listed are inputs with a problem.
void collect(const fs::path& folder, std::vector<Input>& found) {
  std::error_code failed;
  fs::directory_iterator entry(folder, failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
      collect(entry->path(), found);
    } else if (has_cloud_extension(entry->path()) && !entry->is_directory(ignored) &&
               !entry->path().filename().native().starts_with(kAppleDouble)) {
      // A pipe may never get a writer: it is read only where it is named.
      const bool waits = entry->is_fifo(ignored) || entry->is_socket(ignored);
      found.push_back({entry->path(), waits ? "is not a regular file" : ""});
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

[[noreturn]] void fail_list(const std::string& problem) {
  throw Error(Fault::kInput, "standard input", problem);
}

/// Notices a cloud, or a list of another kind, by its first bytes.
void check_list(const std::string& start, char delimiter) {
  const io::ByteSource source(std::as_bytes(std::span(start)), "standard input");
  const std::string advice =
      ", expected a list of paths, name /dev/stdin to read a cloud from there";
  if (const auto format = io::format_of(source)) {
    const char* const name = *format == FileFormat::kPly   ? "PLY"
                             : *format == FileFormat::kPcd ? "PCD"
                                                           : "LAS";
    fail_list(std::string("holds a ") + name + " cloud" + advice);
  }
  if (start.starts_with("\x1f\x8b")) fail_list("holds gzip data" + advice);
  if (start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff")) {
    fail_list("is text in UTF-16, expected a list of paths in UTF-8");
  }
  if (delimiter != '\0' && start.find('\0') != std::string::npos) {
    fail_list(
        "holds NUL bytes, expected a list of paths, one per line, or separated by NUL with -0");
  }
}

/// Reads all of a list; `list` may be a cloud by mistake, of which only the start is read.
std::string read_list(std::istream& list, char delimiter) {
  constexpr std::streamsize kPiece = 4096;
  std::string text;
  std::string piece(kPiece, '\0');
  do {
    list.read(piece.data(), kPiece);
    const bool first = text.empty();
    text.append(piece, 0, static_cast<std::size_t>(list.gcount()));
    if (first) check_list(text, delimiter);
  } while (list);
  throw_if_stopped();  // which cut the list short
  // std::cin takes an error for the end; the C stream below it knows.
  const bool failed = list.bad() || (&list == &std::cin && std::ferror(stdin) != 0);
  if (failed) fail_list("cannot be read");
  return text;
}

void expand_list(std::istream& list, char delimiter, std::vector<Input>& inputs) {
  std::string text = read_list(list, delimiter);
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  std::string_view rest = text;
  for (std::string_view line; take_line(rest, line, delimiter);) {
    if (delimiter == '\n' && line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) expand(line, inputs);
  }
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

std::optional<Input> NameStream::next() {
  for (std::string line; std::getline(list_, line, delimiter_);) {
    throw_if_stopped();
    if (first_) {
      check_list(line, delimiter_);
      if (line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    }
    first_ = false;
    if (delimiter_ == '\n' && line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    std::error_code ignored;
    const bool is_folder = fs::is_directory(line, ignored);
    return Input{line, is_folder ? "is a folder, expected a file" : ""};
  }
  throw_if_stopped();
  if (list_.bad()) fail_list("cannot be read");
  return std::nullopt;
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
