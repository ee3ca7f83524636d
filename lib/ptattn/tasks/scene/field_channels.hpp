#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/tasks/scene/channel_writer.hpp"
#include "ptattn/tasks/scene/ranks.hpp"
#include "ptattn/tasks/scene/scan_fields.hpp"

namespace ptattn {

/// Makes the channels of a cloud's fields: colours, normals, intensities, returns; and notes what
/// stands in for missing ones. Refers to its arguments.
class FieldChannels {
 public:
  /// @param whole  of the cloud that this one is a part of; null: it is a whole
  FieldChannels(const PointCloud& cloud, const SceneVoxels& scene, const SceneProfile& profile,
                const FieldStatistics* whole = nullptr)
      : cloud_(cloud),
        scene_(scene),
        profile_(profile),
        whole_(whole),
        fields_(whole != nullptr ? find_scan_fields(cloud, *whole) : find_scan_fields(cloud)) {}

  /// Makes a channel, which may be used as long as this lives.
  [[nodiscard]] ChannelWriter color(std::size_t channel);
  [[nodiscard]] ChannelWriter normal(std::size_t axis);
  [[nodiscard]] ChannelWriter intensity();
  [[nodiscard]] ChannelWriter strength(bool bounded);
  /// @param kind  kLast or kMultiple
  [[nodiscard]] ChannelWriter returns(ChannelKind kind);
  [[nodiscard]] ChannelWriter has_intensity() const;
  [[nodiscard]] ChannelWriter has_returns() const;

  /// Returns what the cloud lacks for the channels made so far and what stood in for it, a line
  /// each.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  [[nodiscard]] const Ranks& intensity_ranks();
  void note(const std::string& text) {
    if (std::ranges::find(notes_, text) == notes_.end()) notes_.push_back(text);
  }

  const PointCloud& cloud_;
  const SceneVoxels& scene_;
  const SceneProfile& profile_;
  const FieldStatistics* whole_;
  ScanFields fields_;
  std::vector<FieldColumn> colors_;
  std::vector<FieldColumn> normals_;
  Matrix estimated_normals_;
  std::shared_ptr<const Ranks> intensity_ranks_;
  std::vector<std::string> notes_;
};

}  // namespace ptattn
