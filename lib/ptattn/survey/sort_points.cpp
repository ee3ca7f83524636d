#include "ptattn/survey/sort_points.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/survey/survey_pieces.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPointsPerTask = 16384;
constexpr std::size_t kPoseSample = 100'000;  // points that scene_pose looks at

}  // namespace

SurveyLook look_at(CloudStream& stream, const SurveyProgress& progress, PointSpool* spool) {
  (void)require_coordinates(stream.head());
  SurveyLook look;
  const auto all = static_cast<std::size_t>(stream.shape().size());
  const std::size_t stray_step = std::max<std::size_t>(1, (all + kStraySample - 1) / kStraySample);
  const std::size_t pose_step = std::max<std::size_t>(1, (all + kPoseSample - 1) / kPoseSample);
  SampleTaker taker(stream.head());
  for_each_piece(stream, {}, "looking at", progress, [&](const FramedPiece& piece) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < piece.positions.size(); ++i) {
      const Position& p = piece.positions[i];
      if (!is_finite(p)) continue;
      if (look.strays.finite % stray_step == 0) look.strays.positions.push_back(p);
      if (look.strays.finite % pose_step == 0) rows.push_back(i);
      ++look.strays.finite;
      if (p == Position{}) {
        ++look.strays.zeros;
      } else if (std::max({std::abs(p[0]), std::abs(p[1]), std::abs(p[2])}) < look.strays.nearest) {
        look.strays.nearest = std::min(look.strays.nearest, std::hypot(p[0], p[1], p[2]));
      }
    }
    taker.add(piece.cloud, rows);
    if (spool != nullptr) spool->add(piece.cloud);
  });
  look.sample = taker.finish();
  if (look.strays.finite > 0) {
    look.share = static_cast<double>(look.sample.size()) / static_cast<double>(look.strays.finite);
  }
  return look;
}

void check_room(const SurveyFolder& folder, std::uint64_t needed) {
  const std::uint64_t free = folder.free_bytes();
  if (free >= needed) return;
  throw Error(Fault::kInput, folder.path().string(),
              "needs " + std::to_string((needed >> 20U) + 1) + " MiB of scratch, its disk has " +
                  std::to_string(free >> 20U) + " MiB free, see --scratch");
}

void measure_points(CloudStream& stream, SurveyLook look, std::size_t least,
                    const SurveyProgress& progress, SurveyPlan& plan) {
  plan.points = stream.shape().size();
  for (Position& p : look.strays.positions) p = in_frame(p, plan.frame);
  StrayCensus census(std::move(look.strays));
  for_each_piece(stream, plan.frame, "measuring", progress, [&](const FramedPiece& piece) {
    RawVector<Position> positions = piece.positions;
    (void)keep_finite(positions);
    plan.kept += positions.size();
    census.add(positions);
  });
  plan.strays = census.rule();
  std::tie(plan.far, plan.zeros) = census.strays();
  plan.kept -= plan.far + plan.zeros;
  if (plan.kept < least) {
    throw Error(Fault::kInput, stream.head().name(),
                "has " + std::to_string(plan.kept) + " points with finite coordinates, at least " +
                    std::to_string(least) + " are needed");
  }
  const PositionBounds bounds = census.bounds();
  plan.grid.box = {bounds.low, bounds.extent()};
}

void sort_points(CloudStream& stream, const SurveyFolder& folder, std::size_t memory,
                 const PieceListener& listener, const SurveyProgress& progress, SurveyPlan& plan) {
  PointStoreWriter store(folder.points(), plan.layout, plan.grid.size(), memory);
  for_each_piece(stream, plan.frame, "sorting", progress, [&](const FramedPiece& piece) {
    std::vector<std::uint32_t> rows;
    std::vector<Position> positions;
    for (std::size_t i = 0; i < piece.positions.size(); ++i) {
      if (!belongs_to_scene(piece.positions[i], plan.strays)) continue;
      rows.push_back(static_cast<std::uint32_t>(i));
      positions.push_back(piece.positions[i]);
    }
    std::vector<std::uint32_t> squares(rows.size());
    parallel_each(rows.size(), kPointsPerTask,
                  [&](std::size_t i) { squares[i] = plan.grid.square_of(positions[i]); });
    if (listener) listener(piece.cloud, rows);
    store.add(piece.cloud, rows, positions, squares);
  });
  plan.chunks = store.finish();
}

}  // namespace ptattn
