#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn {

/// Represents a value of a field of labels and what it stands for.
struct ClassMeaning {
  std::int64_t code = 0;                ///< as it stands in the field
  std::optional<std::uint8_t> asprs{};  ///< the code of LAS files for the same, where there is one
  std::string name;

  bool operator==(const ClassMeaning&) const = default;
};

/// Holds what the numbers in a field of labels are: those of a model's classes, or codes of LAS
/// files.
enum class LabelCodes : std::uint8_t { kClass, kAsprs };

/// Holds what a field of labels holds.
struct LabelMeaning {
  std::string field;
  LabelCodes codes = LabelCodes::kClass;
  std::vector<ClassMeaning> classes{};

  bool operator==(const LabelMeaning&) const = default;
};

/// Holds what a field other than labels holds, in a few words.
struct FieldMeaning {
  std::string field;
  std::string meaning;

  bool operator==(const FieldMeaning&) const = default;
};

/// Holds what made some of the fields of a cloud: the command, its model and its options.
///
/// It holds no time, no machine and no path, so that equal work gives equal bytes anywhere. In
/// files it is lines of text that begin with `ptattn `, one statement each, written as comments of
/// PLY and PCD and as a variable length record of LAS; samples/FORMATS.md describes them.
struct Provenance {
  std::string tool;                    ///< "ptattn-segment"
  std::string version;                 ///< of ptattn
  std::string model{};                 ///< its name; empty: none
  std::string model_hash{};            ///< of its files, see hash_model
  std::vector<std::string> options{};  ///< that change the result: "votes=4", "colorize"
  std::vector<FieldMeaning> fields{};
  std::optional<LabelMeaning> labels{};

  bool operator==(const Provenance&) const = default;
};

/// Returns true for a line of a provenance, without the format's mark of a comment.
[[nodiscard]] bool is_provenance_line(std::string_view comment);

/// Returns the lines of a provenance. Control characters become blanks.
[[nodiscard]] std::vector<std::string> provenance_lines(const Provenance& provenance);

/// Reads what comments say, the oldest first. Other comments, and statements that this version does
/// not know, are passed over.
[[nodiscard]] std::vector<Provenance> read_provenance(std::span<const std::string> comments);

/// Adds what a command did to the comments of a cloud. What they said before about the same fields
/// is taken out; all else stays.
void add_provenance(CloudMetadata& metadata, const Provenance& provenance);

/// Finds what a field of labels holds; nullopt where no comment says it.
[[nodiscard]] std::optional<LabelMeaning> find_label_meaning(std::span<const std::string> comments,
                                                             std::string_view field);

/// Finds the model that made the labels in a field, the last where several did; empty where none
/// did, or no comment says so.
[[nodiscard]] std::string find_labelling_model(std::span<const std::string> comments,
                                               std::string_view field);

/// Holds what comments say of fields in a few words, to be looked up.
class FieldMeanings {
 public:
  explicit FieldMeanings(std::span<const std::string> comments);
  /// Returns what is said of a field; empty where nothing is.
  [[nodiscard]] std::string_view of(std::string_view field) const;

 private:
  std::map<std::string, std::string, std::less<>> meanings_;
};

}  // namespace ptattn
