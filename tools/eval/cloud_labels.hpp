#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "classes.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::tools {

/// A cloud with predicted labels and the one with the true ones.
struct CloudPair {
  std::filesystem::path predicted;
  std::filesystem::path truth;  ///< empty: the same file
};

/// Which true cloud belongs to which predicted one.
///
///   truth_file empty    each of `arguments` holds both
///   one file each       belong together
///   truth_file folder   the file below it at the same place as the predicted one below its folder
///                       (a predicted file given by itself: of its name); where there is none, the
///                       one that differs in its extension only
///
/// @param arguments  files and folders; `-` for a list on standard input
/// @param delimiter  between the paths of the list
/// @throws Error(Fault::kInput) when a file has no partner, or a folder no clouds;
///         Error(Fault::kUsage) for several predicted files and one true file
[[nodiscard]] std::vector<CloudPair> pair_clouds(const std::vector<std::string>& arguments,
                                                 const std::string& truth_file,
                                                 char delimiter = '\n');

/// Stands for NaN, which is no label.
inline constexpr std::int32_t kNoLabel = std::numeric_limits<std::int32_t>::min();

/// Returns the labels in the field `name`, one per point, also of points with invalid coordinates.
/// @throws Error(Fault::kInput) when the field is missing, has several values a point, or holds a
///         value that is neither NaN nor an integer of 32 bits
[[nodiscard]] std::vector<std::int32_t> read_labels(const PointCloud& cloud,
                                                    const std::string& name);

/// The fields that an evaluation reads.
struct EvalFields {
  std::string predicted;
  std::string truth;
  std::string confidence{};   ///< of the predicted labels; empty: not asked for
  bool as_file_says = false;  ///< what the predicted labels are is left to their file
};

/// Reads both clouds of a pair and counts their labels, NaN as "nan".
/// @throws Error(Fault::kInput), also when they do not have the same points, or a confidence is not
///         a number from 0 to 1, or a pipe says what its labels are, which comes too late;
///         Error(Fault::kUsage) for a field compared with itself
[[nodiscard]] LabelledInput label_clouds(const CloudPair& pair, const EvalFields& fields,
                                         const ReadOptions& options = {});

/// Returns what a file says of a field of labels; nullopt for files that say nothing, or cannot be
/// looked at before they are read (pipes).
[[nodiscard]] std::optional<LabelMeaning> read_label_meaning(const std::filesystem::path& path,
                                                             const std::string& field);

/// Returns the field of labels that a tool wrote last, as the first cloud says; "label" where it
/// says nothing, or that field is the truth. ptattn-segment writes to `classification` in LAS
/// files.
[[nodiscard]] std::string find_predicted_field(const std::vector<CloudPair>& pairs,
                                               const std::string& truth);

}  // namespace ptattn::tools
