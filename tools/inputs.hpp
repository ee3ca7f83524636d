#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "file_set.hpp"

namespace ptattn::tools {

/// A cloud file named by the user, or what is wrong with what was named.
struct Input {
  std::filesystem::path path;
  std::string problem;  ///< empty: `path` is to be read
};

/// The cloud files that command line arguments stand for, in the order of the arguments.
///
///   a file     itself; whether it exists is found out when it is read
///   a folder   every cloud below it, by its ending in any case, sorted by path (bytes); links to
///   files
///              count, links to folders are not followed
///   -          the paths of `list`, files and folders, each ended by `delimiter`; empty ones are
///              dropped, and so is a carriage return at the end of a line
///
/// A folder without clouds, or one that cannot be listed, becomes an Input with a problem.
/// @throws Error(Fault::kInput) when `list` cannot be read
[[nodiscard]] std::vector<Input> expand_inputs(const std::vector<std::string>& arguments,
                                               std::istream& list, char delimiter = '\n');

/// The paths of a list that is still being written, such as names from a scanner: each is there as
/// soon as its line is complete.
class NameStream {
 public:
  /// @param list  must outlive this
  explicit NameStream(std::istream& list, char delimiter = '\n')
      : list_(list), delimiter_(delimiter) {}

  /// Waits for the next path; nullopt at the end. Folders become an Input with a problem, empty
  /// lines are dropped.
  /// @throws Error(Fault::kInput) when the list cannot be read, or begins like a cloud; Stopped
  [[nodiscard]] std::optional<Input> next();

 private:
  std::istream& list_;
  char delimiter_;
  bool first_ = true;
};

/// The files of `inputs`, for refuse_overwriting.
[[nodiscard]] FileSet files_of(const std::vector<Input>& inputs);

/// Asks the system to fetch the file's bytes in the background, so that a slow disk works while the
/// cores compute. Fails silently: the reader will tell.
void prefetch(const std::filesystem::path& path);

}  // namespace ptattn::tools
