#include "ptattn/tasks/scene/shape_channels.hpp"

#include <cmath>

#include "ptattn/tasks/scene/height_channels.hpp"

namespace ptattn {

ChannelWriter ShapeChannels::make(const Channel& channel) {
  std::weak_ptr<const Shapes>& known = shapes_[channel.parameter];
  std::shared_ptr<const Shapes> around = known.lock();
  if (!around) {
    around =
        std::make_shared<const Shapes>(neighborhood_shapes(scene_, channel.parameter, wanted_));
    known = around;
  }
  switch (channel.kind) {
    case ChannelKind::kThickness:
      return each_voxel([this, around](std::size_t v) {
        return compress_height(profile_, (*around)[v].deviation);
      });
    case ChannelKind::kScatter:
      return each_voxel([around](std::size_t v) { return (*around)[v].scatter; });
    case ChannelKind::kVertical:
      return each_voxel([around](std::size_t v) { return (*around)[v].vertical; });
    default:
      return each_voxel(
          [around](std::size_t v) { return std::log((*around)[v].voxel_count) / 4.0; });
  }
}

}  // namespace ptattn
