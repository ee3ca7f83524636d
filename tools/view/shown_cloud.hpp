#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "comparison.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/cloud/types.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/tasks/geometry/hint.hpp"
#include "ptattn/view/coloring.hpp"

namespace ptattn::tools {

/// A cloud as far as it is drawn.
struct ShownCloud {
  std::string path;
  std::size_t points = 0;            ///< of the file
  std::size_t finite = 0;            ///< of these, the ones without a NaN or infinite coordinate
  PointCloud cloud;                  ///< the points that are drawn, with their fields
  std::vector<std::string> notes{};  ///< of the reader
  std::vector<Hint> warnings{};      ///< on coordinates
  std::vector<std::array<float, 3>> places{};  ///< relative to the scene's origin
  std::size_t strays = 0;  ///< drawn points far away from the others, which the frame leaves out
};

struct Scene {
  std::vector<ShownCloud> clouds;
  std::vector<view::ColorSource> sources;  ///< those that all clouds have
  std::size_t source = 0;                  ///< the one to begin with
  /// What each cloud shows instead of that (--compare-fields); empty: all show the same.
  std::vector<view::ColorSource> own_sources;
  std::optional<Comparison> comparison;
  std::string note{};          ///< what should be known of the clouds' places; empty: nothing
  std::array<float, 3> low{};  ///< where nearly all places lie
  std::array<float, 3> high{};

  [[nodiscard]] const view::ColorSource& source_of(std::size_t cloud) const {
    return own_sources.empty() ? sources[source] : own_sources[cloud];
  }
};

struct SceneSettings {
  std::size_t most_points = 0;  ///< of all clouds together
  std::string color{};          ///< empty: the most telling
  bool compare = false;         ///< the first two clouds
  /// Two fields of one cloud to compare; empty: none.
  std::vector<std::string> compared_fields{};
  ClassNames classes{};
  ReadOptions read{};
};

/// Reads the clouds and keeps what is drawn, one after the other, so that only one of them (two, to
/// compare) is in memory as a whole.
/// @throws Error(Fault::kInput) when one cannot be read, has no point to draw, or nothing of that
///         colour, or two to be compared do not have the same points
[[nodiscard]] Scene load_scene(const std::vector<std::string>& paths,
                               const SceneSettings& settings);

/// Returns the places of a cloud that are no strays.
[[nodiscard]] std::vector<std::array<float, 3>> framed_places(const Scene& scene,
                                                              const ShownCloud& shown);

}  // namespace ptattn::tools
