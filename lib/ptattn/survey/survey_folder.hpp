#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace ptattn {

/// Names the files of a survey in its scratch folder.
class SurveyFolder {
 public:
  explicit SurveyFolder(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path plan() const { return path_ / "plan.json"; }
  [[nodiscard]] std::filesystem::path points() const { return path_ / "points"; }
  [[nodiscard]] std::filesystem::path lowest() const { return path_ / "lowest"; }
  [[nodiscard]] std::filesystem::path spool(std::size_t file) const {
    return path_ / ("spool-" + std::to_string(file + 1));
  }
  [[nodiscard]] std::filesystem::path chunks() const { return path_ / "chunks"; }
  [[nodiscard]] std::filesystem::path voxels() const { return path_ / "voxels"; }
  [[nodiscard]] std::filesystem::path codes() const { return path_ / "codes"; }
  [[nodiscard]] std::filesystem::path cuts() const { return path_ / "cuts"; }
  [[nodiscard]] std::filesystem::path ranks() const { return path_ / "ranks"; }
  [[nodiscard]] std::filesystem::path labels(std::size_t tile) const {
    return path_ / ("labels-" + std::to_string(tile + 1));
  }

  [[nodiscard]] bool has_labels(std::size_t tile) const;
  /// Makes the folder, and the folders above it.
  /// @throws Error(Fault::kInput)
  void make() const;
  /// Removes the files of a survey, also those that were left half written, and the folder if
  /// nothing else lies in it.
  void remove() const;
  /// Returns the bytes that are free on its disk.
  /// @throws Error(Fault::kInput) when that cannot be found out
  [[nodiscard]] std::uint64_t free_bytes() const;

 private:
  std::filesystem::path path_;
};

}  // namespace ptattn
