#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/tasks/scene/column_filters.hpp"
#include "ptattn/tasks/scene/columns.hpp"
#include "ptattn/tasks/scene/neighborhood_shape.hpp"
#include "ptattn/tasks/scene/ranks.hpp"
#include "ptattn/tasks/scene/scan_fields.hpp"
#include "ptattn/tasks/scene/voxels.hpp"

namespace ptattn {

/// Part of one column of the features.
struct ColumnPart {
  std::size_t begin;  ///< voxels
  std::size_t end;
  MutableMatrixView features;
  std::size_t column;
};
/// Writes a channel. Called for a block of voxels at a time, so that their values are computed
/// without further calls, and all channels of a block while it is in the cache.
using ChannelWriter = std::function<void(const ColumnPart&)>;

/// Makes the channels of a scene (formulas: tasks/scene/features.hpp) one by one. What several of
/// them need is computed once. Refers to its arguments.
class ChannelMaker {
 public:
  ChannelMaker(const PointCloud& cloud, const SceneVoxels& scene, const SceneProfile& profile)
      : cloud_(cloud), scene_(scene), profile_(profile), fields_(find_scan_fields(cloud)) {}

  /// What writes a channel, as long as this lives. Planes and surroundings belong to the writers of
  /// their channels and go with the last of these.
  [[nodiscard]] ChannelWriter make(const Channel& channel);
  /// What the cloud lacks for the channels made so far and what stood in for it, a line each.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  using Shapes = CellValues<NeighborhoodShape>;

  [[nodiscard]] double compress_height(double height) const {
    return std::asinh(height / profile_.height_scale) / 2.0;
  }
  [[nodiscard]] const RawVector<HeightRange>& height_ranges();
  [[nodiscard]] const SceneColumns& columns();
  [[nodiscard]] const std::vector<double>& opening(std::size_t window);
  [[nodiscard]] ChannelWriter position(std::size_t axis);
  [[nodiscard]] ChannelWriter height(const Channel& channel);
  [[nodiscard]] ChannelWriter plane(std::size_t level);
  [[nodiscard]] ChannelWriter shape(const Channel& channel);
  [[nodiscard]] ChannelWriter color(std::size_t channel);
  [[nodiscard]] ChannelWriter normal(std::size_t axis);
  [[nodiscard]] ChannelWriter intensity();
  [[nodiscard]] ChannelWriter returns(ChannelKind kind);
  [[nodiscard]] ChannelWriter strength(bool bounded);
  void note(const std::string& text) {
    if (std::ranges::find(notes_, text) == notes_.end()) notes_.push_back(text);
  }

  const PointCloud& cloud_;
  const SceneVoxels& scene_;
  const SceneProfile& profile_;
  ScanFields fields_;
  RawVector<HeightRange> height_ranges_;
  std::optional<SceneColumns> columns_;
  std::optional<ColumnFilters> filters_;                       ///< of `columns_`
  std::map<std::size_t, std::vector<double>> openings_;        ///< of the lows, by window
  std::map<std::size_t, std::weak_ptr<const Shapes>> shapes_;  ///< by level
  std::vector<FieldColumn> colors_;
  std::vector<FieldColumn> normals_;
  Matrix estimated_normals_;
  std::optional<Ranks> intensity_ranks_;
  std::vector<std::string> notes_;
};

}  // namespace ptattn
