#pragma once

#include <optional>
#include <string>
#include <vector>

#include "classes.hpp"

namespace ptattn::tools {

/// What ptattn-classify said about a cloud.
struct ClassifyResult {
  std::string path;
  std::string predicted;  ///< empty: it failed
  std::optional<double> confidence{};
  std::string model{};  ///< empty: not said
};

/// Reads results of `ptattn-classify --format jsonl` or `csv`; the content decides which.
/// @param path  `-` is standard input
/// @throws Error(Fault::kInput) for anything else
[[nodiscard]] std::vector<ClassifyResult> read_results(const std::string& path);

/// True classes of clouds by path, from a CSV file with the columns `path` and `class`.
class TruthTable {
 public:
  /// @throws Error(Fault::kInput) when it cannot be read or names a path twice
  explicit TruthTable(const std::string& file);

  /// The class of `path`: of the same path, else of the only entry with its file name.
  /// @throws Error(Fault::kInput) when there is none
  [[nodiscard]] std::string class_of(const std::string& path) const;

 private:
  std::string file_;
  std::map<std::string, std::string> by_path_;
  std::map<std::string, std::vector<std::string>> by_name_;  // classes of all paths of a file name
};

/// "chair" of "scans/chair/0001.ply".
/// @throws Error(Fault::kInput) when the path has no folder
[[nodiscard]] std::string class_of_folder(const std::string& path);

/// "night_stand" of "scans/night_stand_0001.ply", "chair" of "chair.ply" and "chair12.ply": the
/// file's name without extension, number at the end and what joins the two.
/// @throws Error(Fault::kInput) when nothing is left
[[nodiscard]] std::string class_of_file(const std::string& path);

}  // namespace ptattn::tools
