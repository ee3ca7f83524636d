#include "ptattn/survey/make_plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/survey/lowest_points.hpp"
#include "ptattn/survey/patch_files.hpp"
#include "ptattn/survey/survey_pieces.hpp"
#include "ptattn/survey/tile_plan.hpp"
#include "ptattn/tasks/segment/grid_turn.hpp"
#include "ptattn/tasks/segment/segment_part.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kMostSquares = 16384;
constexpr unsigned kCellBits = 16;  // of a coordinate of a voxel
static_assert(kMaxVoxelsAcross == std::size_t{1} << kCellBits);

/// No square cuts a cell of any of the network's grids.
void make_squares(const SegmenterModel& model, const TilingOptions& tiling, SurveyPlan& plan) {
  std::uint32_t alignment = fitted(tiling, *model.network).alignment;
  for (const PatchGrid& grid : model.network->patch_grids(plan.largest)) {
    alignment = std::lcm(alignment, static_cast<std::uint32_t>(grid.stride));
  }
  plan.grid = make_grid(plan.grid.box, plan.largest, model.description.preprocessing.voxel,
                        alignment, kMostSquares);
}

/// Finds the patches of the whole scene, for each heading.
void write_patches(const SegmenterModel& model, const VoxelFile& voxels, std::size_t votes,
                   const SurveyFolder& folder, const SurveyPlan& plan) {
  std::vector<PatchCuts> cuts;
  const TilingOptions tiling = fitted({}, *model.network);
  for (std::size_t quarters = 0; quarters < votes; ++quarters) {
    const GridTurn turn({{0, 0}, {plan.largest[0] + 1, plan.largest[1] + 1}},
                        model.description.preprocessing, quarters, tiling.alignment,
                        model.description.name);
    const Cell first = turn(Cell{0, 0, 0});
    Cell largest = turn(plan.largest);
    for (std::size_t axis = 0; axis < 3; ++axis)
      largest[axis] = std::max(largest[axis], first[axis]);
    const std::vector<PatchGrid> grids = model.network->patch_grids(largest);
    if (grids.empty()) break;
    cuts.push_back(find_cuts(
        voxels, grids, [&](const Cell& cell) { return turn(cell); }, folder.codes()));
  }
  write_cuts(folder.cuts(), cuts);
}

/// Voxels of each square, from its points.
VoxelFile find_voxels(const PointStore& store, const SurveyFolder& folder, const SurveyPlan& plan) {
  const Position& origin = plan.grid.box.origin;
  const double voxel = plan.grid.voxel;
  return write_voxels(folder.voxels(), plan.grid.size(), [&](std::size_t square) {
    std::vector<std::uint64_t> keys;  // that sort as the cells do, and faster
    for (const Position& p : store.positions_of(static_cast<std::uint32_t>(square))) {
      std::uint64_t key = 0;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        key = key << kCellBits | voxel_index(p[axis] - origin[axis], voxel);
      }
      if (keys.empty() || keys.back() != key) keys.push_back(key);
    }
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::vector<Cell> cells;
    for (const std::uint64_t key : keys) {
      constexpr std::uint64_t kMask = kMaxVoxelsAcross - 1;
      cells.push_back({static_cast<std::uint32_t>(key >> (2 * kCellBits)),
                       static_cast<std::uint32_t>(key >> kCellBits & kMask),
                       static_cast<std::uint32_t>(key & kMask)});
    }
    return cells;
  });
}

}  // namespace

std::uint64_t scratch_bytes(const SegmenterModel& model, const PointCloud& head,
                            std::uint64_t points, const SegmentOptions& options) {
  constexpr std::size_t kOfBlocks = 2;   // what packed blocks say of themselves
  constexpr std::size_t kOfLabels = 13;  // a class of 8 bits, and three fractions
  const PointLayout layout = layout_for(head, model.description.preprocessing);
  const std::size_t classes = options.probabilities ? model.network->out_channels() : 0;
  const bool has_steps = head.metadata().las != nullptr;  // of 32 bits
  const std::size_t coordinates = has_steps ? 3 * sizeof(std::int32_t) : sizeof(Position);
  const std::size_t fields = layout.stride() - sizeof(Position);
  return points * (coordinates + fields + kOfLabels + 4 * classes + kOfBlocks);
}

PointLayout layout_for(const PointCloud& head, const SceneProfile& profile) {
  PointLayout layout;
  const auto keep = [&](const Field* field) {
    if (field == nullptr) return;
    const PointLayout::Kept kept{field->name(), field->type(), field->count()};
    if (std::ranges::find(layout.fields, kept) == layout.fields.end())
      layout.fields.push_back(kept);
  };
  const auto keep_all = [&](const std::optional<FieldTriple>& fields) {
    for (std::size_t f = 0; fields && f < fields->size(); ++f) keep((*fields)[f]);
  };
  if (profile.uses(ChannelKind::kIntensity) || profile.uses(ChannelKind::kStrength) ||
      profile.uses(ChannelKind::kHasIntensity)) {
    keep(find_field(head, Meaning::kIntensity));
  }
  if (profile.uses(ChannelKind::kLast) || profile.uses(ChannelKind::kMultiple) ||
      profile.uses(ChannelKind::kHasReturns)) {
    keep(find_field(head, Meaning::kReturnNumber));
    keep(find_field(head, Meaning::kNumberOfReturns));
  }
  if (profile.uses(ChannelKind::kColor)) {
    keep_all(find_colors(head));
    keep(find_packed_colors(head));
  }
  if (profile.uses(ChannelKind::kNormal)) keep_all(find_normals(head));
  return layout;
}

SurveyInput take_in(CloudStream& stream, const SegmenterModel& model, const SegmentOptions& options,
                    const SurveyFolder& folder, const SurveyProgress& progress) {
  const PointCloud& head = stream.head();
  (void)require_coordinates(head);
  check_room(folder, scratch_bytes(model, head, stream.shape().size(), options));
  PointLayout layout = layout_for(head, model.description.preprocessing);
  layout.steps = steps_of(head, {});
  SurveyInput input{.look = {},
                    .spool = std::make_unique<PointSpool>(stream, std::move(layout), folder)};
  input.look = look_at(stream, progress, input.spool.get());
  return input;
}

SurveyPlan make_plan(SurveyInput input, const SegmenterModel& model, const SurveyRequest& request,
                     const SurveyFolder& folder, const SurveyProgress& progress) {
  const SegmentOptions& options = request.segment;
  PointSpool& stream = *input.spool;
  SurveyPlan plan{.key = request.key, .made_by = request.made_by, .frame = request.frame};
  plan.memory = options.tiling.memory;
  plan.points = stream.shape().size();
  const SceneProfile& profile = model.description.preprocessing;
  measure_points(stream, std::move(input.look), std::max<std::size_t>(profile.min_points, 1),
                 progress, plan);
  plan.largest = plan.grid.box.largest_cell(profile.voxel, stream.head().name());
  make_squares(model, options.tiling, plan);
  const ChannelReach margin = margin_of_part(model, options.tiling);
  plan.margin = margin.points;
  plan.column_margin = margin.columns;
  PointCloud head = stream.head();
  {
    const FrameChange framed(head, plan.frame);
    plan.layout = layout_for(head, profile);
  }
  plan.layout.steps = steps_of(head, plan.frame);
  FieldCensus fields;
  const auto count = [&](const PointCloud& piece, std::span<const std::uint32_t> rows) {
    fields.add(piece, rows);
  };
  stream.remove_what_is_read();
  sort_points(stream, folder, options.tiling.memory / 4, count, progress, plan);
  input.spool.reset();
  plan.fields = fields.finish();
  const PointStore store(folder.points(), plan.layout, plan.grid.size(), plan.chunks);
  plan.lowest = write_lowest_points(store, plan.grid, folder.lowest());
  const VoxelFile voxels = find_voxels(store, folder, plan);
  plan.voxels = voxels.ends.back();
  write_patches(model, voxels, votes_of(model.description.preprocessing, options), folder, plan);
  plan_tiles(store, voxels, model, options, plan);
  std::error_code ignored;
  std::filesystem::remove(voxels.path, ignored);
  write_plan(plan, folder);
  return plan;
}

}  // namespace ptattn
