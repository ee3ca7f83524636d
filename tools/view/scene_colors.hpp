#pragma once

#include <optional>
#include <vector>

#include "shown_cloud.hpp"

namespace ptattn::tools {

/// The colours of a scene's clouds, and what they mean.
struct SceneColors {
  std::vector<std::vector<Rgb>> colors;  ///< one a point of each cloud
  std::vector<view::Legend> legends;     ///< one a cloud
};

/// Colours all clouds; the same numbers have the same colours in all of them.
/// @param paled  what points that are alike in a comparison are paled towards; none: nothing is
[[nodiscard]] SceneColors color_scene(const Scene& scene, const ClassNames& classes,
                                      const std::optional<Rgb>& paled);

/// Returns one legend for all clouds: their classes, their range.
[[nodiscard]] view::Legend whole_legend(const std::vector<view::Legend>& legends);

}  // namespace ptattn::tools
