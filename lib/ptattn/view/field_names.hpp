#pragma once

#include <string_view>

namespace ptattn::view {

/// Returns how telling a field of one value is: 0 label, 1 classification, ... The order of
/// `color_sources`.
[[nodiscard]] int rank_of(std::string_view name);
inline constexpr int kRankOfRgb = 4;
inline constexpr int kRankOfFeatures = 5;
inline constexpr int kRankOfHeight = 7;

}  // namespace ptattn::view
