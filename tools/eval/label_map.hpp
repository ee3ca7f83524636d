#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ptattn::tools {

/// The class that means "left out" in a label map.
inline constexpr const char* kIgnore = "ignore";

/// What the labels of a map are: the whole numbers that points carry, or names.
enum class LabelKind : std::uint8_t { kNumbers, kNames };

/// What labels mean: label -> class, read from a file.
///
///   text   a line `LABEL CLASS` each (a class may hold blanks); `#` begins a comment
///   JSON   one object {"LABEL": "CLASS", ...}; null means kIgnore
///
/// The label `*` stands for all that are not named. Numbers may be written "2.0"; `nan` is no label
/// of points.
class LabelMap {
 public:
  LabelMap() = default;
  /// @throws Error(Fault::kInput) for a file that cannot be read or is neither, or names a label
  ///         twice, or something that is no label
  LabelMap(const std::filesystem::path& path, LabelKind kind);
  /// Makes a map of labels and their classes.
  explicit LabelMap(const std::map<std::string, std::string>& classes_by_label);

  [[nodiscard]] bool empty() const { return classes_by_label_.empty(); }
  /// The class of `label`; nullopt when the map says nothing about it.
  [[nodiscard]] std::optional<std::string> find(const std::string& label) const;
  /// Each class once, in the order of the file, without kIgnore.
  [[nodiscard]] const std::vector<std::string>& classes() const { return classes_; }
  /// True when the map names `label` itself.
  [[nodiscard]] bool names(const std::string& label) const {
    return classes_by_label_.contains(label);
  }
  /// All labels that are named.
  [[nodiscard]] std::vector<std::string> labels() const;

 private:
  void read_text(const std::string& text, const std::string& subject);
  void read_json(const std::string& text, const std::string& subject);
  void add(const std::string& given, const std::string& name, const std::string& subject);

  LabelKind kind_ = LabelKind::kNames;
  std::map<std::string, std::string> classes_by_label_;
  std::vector<std::string> classes_;
  std::set<std::string> known_;  // the same
};

}  // namespace ptattn::tools
