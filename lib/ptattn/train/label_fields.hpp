#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ptattn/train/labelled_cloud.hpp"

namespace ptattn::train {

/// Says which field holds the truth, and what its values mean.
struct Truth {
  std::string field;
  std::map<std::int64_t, Label> labels;
  std::optional<Label> others{};  ///< of values that `labels` does not name; absent: an error
};

/// Returns the labels of all points of a cloud.
/// @throws Error(Fault::kInput) when the field is missing, holds a value that is no
///         integer, or one that the truth says nothing about
[[nodiscard]] std::vector<Label> read_labels(const PointCloud& cloud, const Truth& truth);

/// Counts the values of the field of a cloud, at most `most` different ones.
/// @throws Error(Fault::kInput) as read_labels; for more values
[[nodiscard]] std::map<std::int64_t, std::size_t> count_values(const PointCloud& cloud,
                                                               const std::string& field,
                                                               std::size_t most = 1024);

/// Says which end of the longer side of a cloud.
enum class PlaceEnd { kFirst, kLast };

/// Cuts `share` of a cloud off at an end of its longer side in plan, as (rest, cut part); a strip
/// of `gap` units beside it belongs to neither.
[[nodiscard]] std::pair<LabelledCloud, LabelledCloud> cut_off(const LabelledCloud& cloud,
                                                              double share, double gap,
                                                              PlaceEnd end = PlaceEnd::kLast);

}  // namespace ptattn::train
