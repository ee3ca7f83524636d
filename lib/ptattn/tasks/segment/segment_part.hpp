#pragma once

#include <cstdint>
#include <span>

#include "ptattn/tasks/scene/features.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"
#include "ptattn/tasks/segment/scene_tiles.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn {

/// Says which part of a scene is to be labelled, and what it must know of the whole.
struct ScenePart {
  const WholeScene& whole;
  TilesOfWhole tiles;
  TileBox core;  ///< the cells of the part; its borders are multiples of the fitted alignment
};

/// Returns how many voxels around its core a part must have at hand: the margin of a tile, and what
/// channels look at beyond that, all points and then the lowest of every column.
[[nodiscard]] ChannelReach margin_of_part(const SegmenterModel& model,
                                          const TilingOptions& options);

/// Labels the points of a part of a scene nearly as `segment` labels them within the whole: the
/// same voxels, channels and patches, and a tile's margin of context around. Where the whole would
/// be cut into tiles, borders lie elsewhere.
/// @param cloud  the points of the core and of the margin around it, beyond margin_of_part().points
///               only the lowest of each column of voxels, if you like: finite, none of them stray;
///               given up before the network needs memory
/// @return       as of `segment`; points outside of the core are not valid, and have zeros. Warnings
///               and the notes about the cloud as such are left to who knows the whole
/// @throws Error(Fault::kUsage) for models of objects, and as `segment`
/// Time and determinism as of `segment`.
[[nodiscard]] Segmentation segment_part(const SegmenterModel& model, PointCloud cloud,
                                        const ScenePart& part, const SegmentOptions& options = {},
                                        const ProgressCallback& progress = {});

}  // namespace ptattn
