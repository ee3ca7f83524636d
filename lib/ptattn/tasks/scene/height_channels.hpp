#pragma once

#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "ptattn/core/raw_vector.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/tasks/scene/channel_writer.hpp"
#include "ptattn/tasks/scene/column_filters.hpp"
#include "ptattn/tasks/scene/columns.hpp"

namespace ptattn {

/// Returns arsinh(h / s) / 2 with s the profile's height_scale: heights far above it count less.
[[nodiscard]] inline double compress_height(const SceneProfile& profile, double height) {
  return std::asinh(height / profile.height_scale) / 2.0;
}

/// Makes the channels of heights: within a voxel, above and below the columns around it, above
/// planes of the ground. Columns and their openings are computed once. Refers to its arguments.
class HeightChannels {
 public:
  HeightChannels(const SceneVoxels& scene, const SceneProfile& profile)
      : scene_(scene), profile_(profile) {}

  /// Makes a channel, which may be used as long as this lives.
  [[nodiscard]] ChannelWriter spread();
  /// @param channel  kAbove, kBelow or kUnderTop
  [[nodiscard]] ChannelWriter height(const Channel& channel);
  [[nodiscard]] ChannelWriter plane(std::size_t level);

 private:
  [[nodiscard]] const RawVector<HeightRange>& height_ranges();
  [[nodiscard]] const SceneColumns& columns();
  [[nodiscard]] const std::vector<double>& opening(std::size_t window);

  const SceneVoxels& scene_;
  const SceneProfile& profile_;
  RawVector<HeightRange> height_ranges_;
  std::optional<SceneColumns> columns_;
  std::optional<ColumnFilters> filters_;                 ///< of `columns_`
  std::map<std::size_t, std::vector<double>> openings_;  ///< of the lows, by window
};

}  // namespace ptattn
