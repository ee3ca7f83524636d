#include "ptattn/tasks/segment/segment_part.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/scene/features.hpp"
#include "ptattn/tasks/segment/plane_census.hpp"
#include "ptattn/tasks/segment/point_certainty.hpp"
#include "ptattn/tasks/segment/voxel_sample.hpp"
#include "ptattn/tasks/segment/voxel_smoothing.hpp"

namespace ptattn {
namespace {

bool is_inside(const TileBox& box, const Cell& cell) {
  return box.holds(cell[0], cell[1]);
}

/// The voxels inside of `box`.
std::vector<VoxelRun> runs_inside(const SceneVoxels& voxels, const TileBox& box) {
  std::vector<VoxelRun> runs;
  for (std::size_t v = 0; v < voxels.size(); ++v) {
    if (!is_inside(box, voxels.cells[v])) continue;
    if (runs.empty() || runs.back().end != v) runs.push_back({v, v});
    ++runs.back().end;
  }
  return runs;
}

/// The points of the voxels inside of `core`.
std::vector<std::uint32_t> rows_inside(const SceneVoxels& voxels, const TileBox& core) {
  std::vector<std::uint32_t> rows;
  for (std::size_t v = 0; v < voxels.size(); ++v) {
    if (!is_inside(core, voxels.cells[v])) continue;
    const auto members = voxels.members(v);
    rows.insert(rows.end(), members.begin(), members.end());
  }
  return rows;
}

}  // namespace

ChannelReach margin_of_part(const SegmenterModel& model, const TilingOptions& options) {
  const std::uint32_t margin = fitted(options, *model.network).tile_margin;
  const ChannelReach reach = channel_reach(model.description.preprocessing);
  return {margin + reach.points, margin + reach.columns};
}

Segmentation segment_part(const SegmenterModel& model, PointCloud cloud, const ScenePart& part,
                          const SegmentOptions& options, const ProgressCallback& progress) {
  check_segment_options(model, options);
  const SceneProfile& profile = model.description.preprocessing;
  if (profile.frame != Frame::kScene) {
    throw Error(Fault::kUsage, model.description.name, "takes whole objects, no parts");
  }
  Segmentation result;
  const std::size_t points = cloud.size();
  result.valid.assign(points, false);
  const std::uint32_t margin = fitted(options.tiling, *model.network).tile_margin;
  const TileBox seen = widened(part.core, margin);  // by the network; the rest by channels alone
  PreparedScene scene = prepare_part(
      cloud, profile, part.whole, [&](const SceneVoxels& all) { return runs_inside(all, seen); });
  cloud = {};
  result.notes = std::move(scene.notes);
  result.voxels = static_cast<std::size_t>(std::ranges::count_if(
      scene.voxels.cells, [&](const Cell& cell) { return is_inside(part.core, cell); }));
  const std::size_t kept = options.probabilities ? model.network->out_channels() : 0;
  if (result.voxels == 0) {
    allocate_results(points, kept, result);
    return result;
  }
  const SceneTiles tiles(scene, *model.network, options.tiling, part.tiles);
  result.tiles = tiles.size();
  Matrix probabilities =
      voxel_probabilities(model, tiles, votes_of(profile, options), {}, progress);
  result.sampled = sample_voxels(scene.channels, probabilities);
  if (options.clean) probabilities = smooth_probabilities(scene, profile, probabilities);
  std::vector<ScoredVoxels> views;
  scene.channels = Matrix();
  views.push_back({std::move(scene.voxels), std::move(probabilities)});
  allocate_results(points, kept, result);
  const std::vector<std::uint32_t> rows = rows_inside(views.front().voxels, part.core);
  for (const std::uint32_t row : rows) result.valid[views.front().voxels.points[row]] = true;
  write_points(views, rows, options, model.description.reliability.temperature, result);
  measure_certainty(model, result);
  return result;
}

}  // namespace ptattn
