#include "ptattn/survey/label_tile.hpp"

#include <array>
#include <cmath>
#include <utility>

#include "ptattn/survey/patch_files.hpp"
#include "ptattn/survey/tile_labels.hpp"
#include "ptattn/tasks/segment/plane_census.hpp"
#include "ptattn/tasks/segment/segment_part.hpp"

namespace ptattn {
namespace {

/// The options with the network's half of the memory.
SegmentOptions with_memory(SegmentOptions options, std::uint64_t memory) {
  options.tiling.memory = static_cast<std::size_t>(memory / 2);
  return options;
}

TileSummary summary_of(const Segmentation& result, std::uint64_t points) {
  TileSummary summary{.points = points,
                      .classes = result.probabilities.cols(),
                      .voxels = result.voxels,
                      .parts = result.tiles};
  const auto n = static_cast<double>(points);
  summary.confidence = n * result.mean_confidence;
  summary.unsure = std::round(n * result.unsure_share);
  summary.sampled = result.sampled.classes.size();
  summary.distance = static_cast<double>(summary.sampled) * result.distance.value_or(0.0);
  return summary;
}

}  // namespace

TileLabeler::TileLabeler(const SurveyPlan& plan, const SurveyFolder& folder,
                         const SegmenterModel& model, const SegmentOptions& options)
    : plan_(plan),
      folder_(folder),
      model_(model),
      options_(with_memory(options, plan.memory)),
      store_(folder.points(), plan.layout, plan.grid.size(), plan.chunks),
      cuts_(read_cuts(folder.cuts())),
      whole_(plan.whole()) {
  if (!plan.lowest.empty()) {
    lowest_.emplace(folder.lowest(), plan.layout, plan.grid.size(), plan.lowest);
  }
}

/// Its own points, those around it, and beyond them the lowest.
std::array<PointRegion, 3> TileLabeler::regions_of(std::size_t tile) const {
  const TileBox core = plan_.grid.voxels_of(plan_.tiles[tile].squares);
  const TileBox seen = widened(core, plan_.margin);
  return {
      {{store_, core}, {store_, seen, core}, {lowest(), widened(core, plan_.column_margin), seen}}};
}

void TileLabeler::expect(std::size_t tile) const {
  for (const PointRegion& region : regions_of(tile)) {
    for (const std::uint32_t square : plan_.grid.squares_of(region.within)) {
      region.store.expect(square);
    }
  }
}

std::vector<std::string> TileLabeler::label(std::size_t tile,
                                            const ProgressCallback& progress) const {
  const SurveyGrid& grid = plan_.grid;
  const TileBox& box = plan_.tiles[tile].squares;
  const TileBox core = grid.voxels_of(box);
  PointCloud cloud = read_points(regions_of(tile), grid);
  const ScenePart part{.whole = whole_,
                       .tiles = {{{0, 0}, {plan_.largest[0] + 1, plan_.largest[1] + 1}}, cuts_},
                       .core = core};
  Segmentation result = segment_part(model_, std::move(cloud), part, options_, progress);
  std::vector<SquarePoints> squares;
  for (const std::uint32_t square : grid.squares_in(box))
    squares.push_back({square, 0, store_.points_of(square), 0});
  write_tile_labels(folder_.labels(tile), summary_of(result, plan_.tiles[tile].points),
                    std::move(squares), result);
  return std::move(result.notes);
}

}  // namespace ptattn
