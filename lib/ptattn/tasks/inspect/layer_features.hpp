#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/geometry/hint.hpp"
#include "ptattn/tasks/inspect/layer_tokens.hpp"
#include "ptattn/tasks/progress.hpp"
#include "ptattn/tasks/segment/tiling.hpp"

namespace ptattn {

/// Returns the layers of a model, found by showing it a made-up cloud: of as many points as a
/// classifier sees, of some hundred voxels for a model over points (whose tokens are counted for
/// these).
/// Time of a forward pass.
[[nodiscard]] std::vector<LayerDescription> layers_of(const ClassifierModel& model);
[[nodiscard]] std::vector<LayerDescription> layers_of(const SegmenterModel& model);

/// Returns what a layer says about every point of a cloud: the network runs on a sample, as
/// `classify` does in a single vote, and the values of the layer's tokens are carried to all points
/// by `interpolate` (the 4 nearest tokens, in the network's coordinates).
/// @param layer    one of layers_of that has tokens
/// @param up       the axis of the cloud that points upwards
/// @param remarks  gets a note of points that are left out, unless null
/// @return         [points with finite coordinates, channels]; zeros for stray points (find_strays),
///                 and for those apart from the object where the classifier is surer without them
/// @throws         Error(Fault::kUsage) when there is no such layer or it describes the cloud as a
///                 whole; Error(Fault::kInput) for a cloud that `usable_positions` refuses
/// Time that of a forward pass and O(n (log t + channels)); memory beside the result about 100
/// bytes a point. The same bits for any thread count.
[[nodiscard]] Matrix layer_features(const ClassifierModel& model, std::string_view layer,
                                    const PointCloud& cloud, Axis up = Axis::kZ,
                                    Remarks* remarks = nullptr);

struct SceneLayerOptions {
  TilingOptions tiling{};                 ///< how large scenes are cut
  std::optional<std::size_t> category{};  ///< of the object, for models that label parts
};

/// Computes the same for a model over points, which sees all voxels of the cloud, in overlapping
/// tiles where they are too many; a point gets its values from the tile whose core it lies in. What
/// `segment` leaves out of an object gets zeros.
/// @param remarks  gets what the cloud lacks and what stood in for it, and the warnings of
///                 scene_hints
/// @throws       as above; Error(Fault::kInput) for a cloud that `voxelize` refuses
[[nodiscard]] Matrix layer_features(const SegmenterModel& model, std::string_view layer,
                                    const PointCloud& cloud, const SceneLayerOptions& options,
                                    Remarks& remarks, const ProgressCallback& progress = {});

}  // namespace ptattn
