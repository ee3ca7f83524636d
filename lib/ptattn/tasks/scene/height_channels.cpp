#include "ptattn/tasks/scene/height_channels.hpp"

#include "ptattn/tasks/scene/ground_planes.hpp"

namespace ptattn {

const RawVector<HeightRange>& HeightChannels::height_ranges() {
  if (height_ranges_.empty()) height_ranges_ = height_ranges_of(scene_);
  return height_ranges_;
}

const SceneColumns& HeightChannels::columns() {
  if (!columns_) {
    columns_ = columns_of(scene_, height_ranges());
    filters_.emplace(columns_->columns);
  }
  return *columns_;
}

const std::vector<double>& HeightChannels::opening(std::size_t window) {
  const SceneColumns& all = columns();
  std::vector<double>& opened = openings_[window];
  if (opened.empty()) opened = filters_->opening(all.low, window);
  return opened;
}

ChannelWriter HeightChannels::spread() {
  return each_voxel([&height_ranges = height_ranges(), voxel = profile_.voxel](std::size_t v) {
    return (height_ranges[v].high - height_ranges[v].low) / voxel;
  });
}

ChannelWriter HeightChannels::height(const Channel& channel) {
  const SceneColumns& all = columns();
  const std::size_t window = channel.parameter;
  const double sign = channel.kind == ChannelKind::kUnderTop ? -1.0 : 1.0;
  const auto above = [this, sign, &of_voxel = all.of_voxel](const std::vector<double>& level,
                                                            std::size_t v) {
    return compress_height(profile_, sign * (scene_.means[v][2] - level[of_voxel[v]]));
  };
  if (channel.kind == ChannelKind::kAbove) {
    return each_voxel([above, &level = opening(window)](std::size_t v) { return above(level, v); });
  }
  return each_voxel([above, level = channel.kind == ChannelKind::kBelow
                                        ? filters_->closing(all.low, window)
                                        : filters_->maximum(all.high, window)](std::size_t v) {
    return above(level, v);
  });
}

ChannelWriter HeightChannels::plane(std::size_t level) {
  const SceneColumns& all = columns();
  std::vector<double> above = opening(kGroundOpening);
  for (std::size_t c = 0; c < above.size(); ++c) above[c] = all.low[c] - above[c];
  return each_voxel(
      [this, &of_voxel = all.of_voxel,
       planes = ground_planes(all.columns, all.low, above, profile_.voxel, level)](std::size_t v) {
        const Position& mean = scene_.means[v];
        return compress_height(profile_, mean[2] - planes[of_voxel[v]].at(mean[0], mean[1]));
      });
}

}  // namespace ptattn
