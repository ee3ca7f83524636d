#include "ptattn/tasks/scene/channels.hpp"

#include <cmath>

namespace ptattn {

ChannelWriter ChannelMaker::make(const Channel& channel) {
  const std::size_t p = channel.parameter;
  switch (channel.kind) {
    case ChannelKind::kPosition:
      return position(p);
    case ChannelKind::kOffset:
      return each_voxel([&scene = scene_, p, voxel = profile_.voxel](std::size_t v) {
        return scene.means[v][p] / voxel - scene.cells[v][p] - 0.5;
      });
    case ChannelKind::kCount:
      return each_voxel([&scene = scene_](std::size_t v) {
        return std::log(static_cast<double>(scene.members(v).size())) / 3.0;
      });
    case ChannelKind::kSpread:
      return heights_.spread();
    case ChannelKind::kAbove:
    case ChannelKind::kBelow:
    case ChannelKind::kUnderTop:
      return heights_.height(channel);
    case ChannelKind::kPlane:
      return heights_.plane(p);
    case ChannelKind::kThickness:
    case ChannelKind::kScatter:
    case ChannelKind::kVertical:
    case ChannelKind::kVoxelCount:
      return shapes_.make(channel);
    case ChannelKind::kColor:
      return fields_.color(p);
    case ChannelKind::kNormal:
      return fields_.normal(p);
    case ChannelKind::kIntensity:
      return fields_.intensity();
    case ChannelKind::kLast:
    case ChannelKind::kMultiple:
      return fields_.returns(channel.kind);
    case ChannelKind::kHasIntensity:
      return fields_.has_intensity();
    case ChannelKind::kStrength:
      return fields_.strength(p == 1);
    case ChannelKind::kHasReturns:
      break;
  }
  return fields_.has_returns();
}

ChannelWriter ChannelMaker::position(std::size_t axis) {
  const bool centred = profile_.origin == Origin::kCenterBottom && axis < 2;
  const double origin = centred                              ? scene_.extent[axis] / 2.0
                        : profile_.origin == Origin::kSensor ? -scene_.origin[axis]
                                                             : 0.0;
  return each_voxel(
      [&scene = scene_, axis, origin](std::size_t v) { return scene.means[v][axis] - origin; });
}

}  // namespace ptattn
