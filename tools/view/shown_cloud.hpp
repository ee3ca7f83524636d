#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/view/coloring.hpp"

namespace ptattn::tools {

/// A cloud as far as it is drawn.
struct ShownCloud {
  std::string path;
  std::size_t points = 0;            ///< of the file
  std::size_t finite = 0;            ///< of these, the ones without a NaN or infinite coordinate
  PointCloud cloud;                  ///< the points that are drawn, with their fields
  std::vector<std::string> notes{};  ///< of the reader, on points that are not drawn and on coordinates
  std::vector<std::array<float, 3>> places{};  ///< relative to the scene's origin
};

/// How two clouds differ, point by point in file order.
struct Comparison {
  std::string problem;       ///< why points cannot be compared; else empty
  view::ColorSource source;  ///< what was compared
  std::size_t points = 0;
  std::size_t differing = 0;
  /// Pairs of labels that differ, the most frequent first: label in A, label in B, points.
  struct Change {
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::size_t points = 0;
  };
  std::vector<Change> changes;  ///< classes only
  double largest = 0.0;         ///< difference of numbers; classes: 0
};

struct Scene {
  std::vector<ShownCloud> clouds;
  std::vector<view::ColorSource> sources;  ///< those that all clouds have
  std::size_t source = 0;                  ///< the one to begin with
  std::optional<Comparison> comparison;
  std::string note{};  ///< what should be known of the clouds' places; empty: nothing
};

struct SceneSettings {
  std::size_t most_points = 0;  ///< of all clouds together
  std::string color;            ///< empty: the most telling
  bool compare = false;         ///< the first two clouds
  ReadOptions read{};
};

/// Reads the clouds and keeps what is drawn, one after the other, so that only one of them (two, to
/// compare) is in memory as a whole.
/// @throws Error(Fault::kInput) when one cannot be read, has no point to draw, or nothing of that
///         colour, or two to be compared do not have the same points
[[nodiscard]] Scene load_scene(const std::vector<std::string>& paths,
                               const SceneSettings& settings);

/// Points of the two clouds that differ in a field of classes; both have the same points.
/// @return [n]; empty when the field is none of classes or the clouds do not fit each other
[[nodiscard]] std::vector<bool> differing_points(const PointCloud& a, const PointCloud& b,
                                                 const view::ColorSource& source);

}  // namespace ptattn::tools
