#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/models/model_folder.hpp"

namespace ptattn {

/// A named intermediate result of a network.
struct LayerDescription {
  std::string name;
  std::size_t tokens = 0;  ///< points or voxels that its rows describe; 0: one row, of the whole
  std::size_t channels = 0;
};

/// What `trace` hears while `forward` runs: intermediate results in their order. Results that
/// describe nothing (indices of samples) are left out.
[[nodiscard]] std::vector<LayerDescription> layers_of(
    const std::function<void(const Trace& trace)>& forward);

/// The layers of a classifier, found by showing it a made-up cloud of as many points as it sees.
[[nodiscard]] std::vector<LayerDescription> layers_of(const ClassifierModel& model);

/// What a layer says about every point of a cloud: the network runs on a sample, as `classify` does
/// in a single vote, and the values of the layer's tokens are carried to all points by
/// `interpolate` (the 4 nearest tokens, in the network's coordinates).
/// @param layer    one of layers_of that has tokens
/// @param subject  what error messages call the cloud, such as its path
/// @param up       the axis of the cloud that points upwards
/// @return         [points with finite coordinates, channels]
/// @throws         Error(Fault::kUsage) when there is no such layer or it describes the cloud as a
///                 whole; Error(Fault::kInput) for a cloud that `usable_positions` refuses
/// Time that of a forward pass and O(n (log t + channels)); memory beside the result about 100
/// bytes a point. The same bits for any thread count.
[[nodiscard]] Matrix layer_features(const ClassifierModel& model, std::string_view layer,
                                    const PointCloud& cloud, std::string_view subject,
                                    Axis up = Axis::kZ);

}  // namespace ptattn
