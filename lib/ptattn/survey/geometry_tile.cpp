#include "ptattn/survey/geometry_tile.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "ptattn/core/parallel_sort.hpp"
#include "ptattn/survey/tile_labels.hpp"

namespace ptattn {
namespace {

constexpr double kFarther = std::numeric_limits<double>::infinity();

/// How far a point sees on all sides within a box of cells, beyond which nothing is known but the
/// end of the scene.
double sight_of(const Position& p, const TileBox& seen, const SurveyPlan& plan) {
  const SurveyGrid& grid = plan.grid;
  double sight = kFarther;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const double along = p[axis] - grid.box.origin[axis];
    if (seen.low[axis] > 0) sight = std::min(sight, along - seen.low[axis] * grid.voxel);
    if (seen.high[axis] <= plan.largest[axis]) {
      sight = std::min(sight, seen.high[axis] * grid.voxel - along);
    }
  }
  return sight;
}

PlaneCensus<std::uint64_t> census_of(const PointStore& store, const SurveyGrid& grid) {
  PlaneCensus<std::uint64_t> census({{0, 0}, {grid.rows, grid.cols}});
  for (std::uint32_t square = 0; square < grid.size(); ++square) {
    census.add(square / grid.cols, square % grid.cols, store.points_of(square));
  }
  census.sum_up();
  return census;
}

}  // namespace

TileDescriber::TileDescriber(const SurveyPlan& plan, const SurveyFolder& folder,
                             const GeometryOptions& options)
    : plan_(plan),
      folder_(folder),
      options_(options),
      store_(folder.points(), plan.layout, plan.grid.size(), plan.chunks),
      census_(census_of(store_, plan.grid)) {}

TileDescriber::Part TileDescriber::load(const TileBox& squares, std::uint32_t margin) const {
  const SurveyGrid& grid = plan_.grid;
  Part part{.positions = {}, .own = {}, .seen = widened(grid.voxels_of(squares), margin)};
  const TileBox core = grid.voxels_of(squares);
  const std::array<PointRegion, 2> regions{{{store_, core}, {store_, part.seen, core}}};
  const PointCloud cloud = read_points(regions, grid);
  const std::span<const std::uint64_t> places =
      cloud.find(PointLayout::kOrder)->values<std::uint64_t>();
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order(cloud.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = {places[i], i};
  parallel_sort(order);
  const RawVector<Position> positions = cloud.positions();
  part.positions.resize(cloud.size());
  std::size_t owned = 0;
  for (const std::uint32_t square : grid.squares_in(squares)) owned += store_.points_of(square);
  part.own.resize(owned);
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    const std::uint32_t from = order[i].second;
    part.positions[i] = positions[from];
    if (from < owned) part.own[from] = i;
  }
  return part;
}

PartFeatures TileDescriber::describe(const Part& part, std::span<const std::uint32_t> queries,
                                     const ProgressCallback& progress) const {
  std::vector<double> sight;
  for (const std::uint32_t q : queries) {
    sight.push_back(sight_of(part.positions[q], part.seen, plan_));
  }
  const SceneBox& box = plan_.grid.box;
  const GeometryPart of_whole{.frame = geometry_frame(box.origin, box.extent),
                              .points = static_cast<std::size_t>(plan_.kept),
                              .queries = queries,
                              .sight = sight};
  return geometry_features_of(part.positions, options_, of_whole, progress);
}

/// The cells around a square that points must see which look that far; where that is not known, as
/// many as give them enough points, more than `last`.
std::uint32_t TileDescriber::margin_for(const TileBox& square, double reach,
                                        std::uint32_t last) const {
  const SurveyGrid& grid = plan_.grid;
  const std::uint32_t across = std::max(plan_.largest[0], plan_.largest[1]) + 1;
  if (std::isfinite(reach)) {
    return static_cast<std::uint32_t>(std::min<double>(std::ceil(reach / grid.voxel), across)) + 1;
  }
  std::size_t enough = options_.radii.empty() ? 1 : options_.radius_limit;
  for (const std::size_t k : options_.neighbors) enough = std::max(enough, k);
  enough = std::min<std::size_t>(enough, static_cast<std::size_t>(plan_.kept));
  std::uint32_t squares = last / grid.edge + 1;
  while (census_.count(widened(square, squares)) < enough) ++squares;
  return squares * grid.edge;
}

/// Describes points of a square again, until none looks farther than it sees.
void TileDescriber::look_farther(std::uint32_t square, std::vector<Blind> blind, std::size_t first,
                                 Matrix& values) const {
  const SurveyGrid& grid = plan_.grid;
  const std::uint32_t row = square / grid.cols;
  const std::uint32_t col = square % grid.cols;
  const TileBox box{{row, col}, {row + 1, col + 1}};
  std::uint32_t margin = 0;
  while (!blind.empty()) {
    margin = margin_for(box, std::ranges::max(blind, {}, &Blind::second).second, margin);
    const Part part = load(box, margin);
    std::vector<std::uint32_t> queries;
    for (const Blind& one : blind) queries.push_back(part.own[one.first]);
    const PartFeatures found = describe(part, queries, {});
    for (std::size_t i = 0; i < blind.size(); ++i) {
      std::copy_n(found.values.row(i), values.cols(), values.row(first + blind[i].first));
    }
    std::vector<Blind> still;
    for (const auto& [i, reach] : found.blind) still.emplace_back(blind[i].first, reach);
    blind = std::move(still);
  }
}

void TileDescriber::expect(std::size_t tile) const {
  const TileBox core = plan_.grid.voxels_of(plan_.tiles[tile].squares);
  for (const std::uint32_t square : plan_.grid.squares_of(widened(core, plan_.margin))) {
    store_.expect(square);
  }
}

void TileDescriber::describe(std::size_t tile, const ProgressCallback& progress) const {
  const TileBox& box = plan_.tiles[tile].squares;
  PartFeatures found;
  {
    const Part part = load(box, plan_.margin);
    found = describe(part, part.own, progress);
  }
  std::vector<SquarePoints> squares;
  std::size_t begin = 0;
  auto next = found.blind.begin();
  for (const std::uint32_t square : plan_.grid.squares_in(box)) {
    const std::size_t points = store_.points_of(square);
    squares.push_back({square, 0, points, 0});
    std::vector<Blind> blind;
    for (; next != found.blind.end() && next->first < begin + points; ++next) {
      blind.emplace_back(static_cast<std::uint32_t>(next->first - begin), next->second);
    }
    look_farther(square, std::move(blind), begin, found.values);
    begin += points;
  }
  const TileSummary summary{.points = begin,
                            .record = sizeof(float) * found.values.cols(),
                            .lonely = count_lonely(found.values)};
  write_tile(folder_.labels(tile), summary, std::move(squares),
             [&](std::size_t point, std::byte* record) {
               std::memcpy(record, found.values.row(point), summary.record);
             });
}

}  // namespace ptattn
