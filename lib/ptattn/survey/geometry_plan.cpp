#include "ptattn/survey/geometry_plan.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "ptattn/survey/tile_plan.hpp"
#include "ptattn/tasks/segment/plane_census.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSquaresAcross = 128;
constexpr std::uint32_t kLeastEdge = 64;  // of a square, in cells
constexpr std::uint64_t kOfPoint = 100;   // bytes: coordinates in their order, place in the tree

/// Divides the plane into cells, and these into squares.
void make_squares(SurveyPlan& plan) {
  const Position& extent = plan.grid.box.extent;
  const double longest = std::max(extent[0], extent[1]);
  const double cells = static_cast<double>(kSquaresAcross * kLeastEdge - 1);
  const double cell = longest > 0.0 ? longest / cells : 1.0;
  plan.largest = {voxel_index(extent[0], cell), voxel_index(extent[1], cell), 0};
  plan.grid = make_grid(plan.grid.box, plan.largest, cell, 1, kSquaresAcross * kSquaresAcross);
}

/// The distance within which nearly all points have that many neighbours, where points lie as
/// densely as they usually do.
double usual_reach(const PointStore& store, const SurveyPlan& plan, std::size_t neighbors) {
  constexpr double kFactor = 2.0;
  std::size_t occupied = 0;
  for (std::uint32_t square = 0; square < plan.grid.size(); ++square) {
    occupied += store.points_of(square) > 0 ? 1 : 0;
  }
  const double edge = plan.grid.edge * plan.grid.voxel;
  const double density =
      static_cast<double>(plan.kept) / (static_cast<double>(occupied) * edge * edge);
  return kFactor * std::sqrt(static_cast<double>(neighbors) / (std::numbers::pi * density));
}

/// Cells around a tile that most of its points can see.
std::uint32_t margin_of(const PointStore& store, const SurveyPlan& plan,
                        const GeometryOptions& options) {
  double reach = 0.0;
  if (!options.neighbors.empty()) {
    reach = usual_reach(store, plan, std::ranges::max(options.neighbors));
  }
  if (!options.radii.empty()) {
    reach = std::max(reach, std::min(std::ranges::max(options.radii),
                                     usual_reach(store, plan, options.radius_limit)));
  }
  const double across = static_cast<double>(std::max(plan.largest[0], plan.largest[1]));
  return static_cast<std::uint32_t>(std::min(std::ceil(reach / plan.grid.voxel), across)) + 1;
}

}  // namespace

std::uint64_t geometry_scratch_bytes(std::uint64_t points, const GeometryOptions& options) {
  PointLayout layout;
  layout.order = true;
  return points * (layout.stride() + sizeof(float) * geometry_feature_names(options).size());
}

SurveyPlan make_geometry_plan(CloudStream& stream, SurveyLook look, const GeometryRequest& request,
                              const SurveyFolder& folder, const SurveyProgress& progress) {
  SurveyPlan plan{.key = request.key, .made_by = request.made_by};
  plan.memory = request.memory;
  measure_points(stream, std::move(look), 1, progress, plan);
  make_squares(plan);
  plan.layout.order = true;
  plan.layout.steps = steps_of(stream.head(), plan.frame);
  check_room(folder, geometry_scratch_bytes(plan.kept, request.options));
  sort_points(stream, folder, request.memory / 4, {}, progress, plan);
  const PointStore store(folder.points(), plan.layout, plan.grid.size(), plan.chunks);
  plan.margin = plan.column_margin = margin_of(store, plan, request.options);
  const std::uint64_t bytes = kOfPoint + plan.layout.stride() +
                              sizeof(float) * geometry_feature_names(request.options).size();
  const auto bytes_of = [&](std::uint32_t square) { return bytes * store.points_of(square); };
  cut_into_tiles(store, request.memory, {bytes_of, bytes_of}, plan);
  write_plan(plan, folder);
  return plan;
}

}  // namespace ptattn
