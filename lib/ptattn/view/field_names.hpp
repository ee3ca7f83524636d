#pragma once

#include <string>
#include <string_view>

namespace ptattn::view {

/// A field's name as people mean it: without the `scalar_` of CloudCompare, lower case.
[[nodiscard]] std::string plain_name(std::string_view name);

/// Whether numbers of that name are labels: label, new_label, classification, scalar_Class, ...
[[nodiscard]] bool names_classes(std::string_view name);

/// How telling a field of one value is: 0 label, 1 classification, ... The order of
/// `color_sources`.
[[nodiscard]] int rank_of(std::string_view name);
inline constexpr int kRankOfRgb = 4;
inline constexpr int kRankOfFeatures = 5;
inline constexpr int kRankOfHeight = 7;

}  // namespace ptattn::view
