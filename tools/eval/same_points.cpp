#include "same_points.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../checks.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/tasks/geometry/match_points.hpp"

namespace ptattn::tools {
namespace {

bool has_coordinates(const PointCloud& cloud) {
  return std::ranges::all_of(find_coordinates(cloud),
                             [](const Field* axis) { return axis != nullptr; });
}

/// The steps in which the coordinates are stored: those of float32 where they are largest; a
/// billionth of them elsewhere.
double step_of(const PointCloud& cloud, std::span<const Position> positions) {
  double step = 0.0;
  const FieldTriple axes = find_coordinates(cloud);
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const bool narrow = axes[axis]->type() == FieldType::kFloat32;
    double largest = 0.0;
    for (const Position& p : positions) {
      if (std::abs(p[axis]) <= kLargestCoordinate) largest = std::fmax(largest, std::abs(p[axis]));
    }
    constexpr double kWide = 1e-9;
    step = std::fmax(step, largest * (narrow ? std::numeric_limits<float>::epsilon() : kWide));
  }
  return step;
}

std::string note_of(const PointMatch& match, const std::string& truth) {
  if (match.moved)
    return "its points are offset from those of " + truth + ", compared in their order";
  std::string note;
  if (!match.partner.empty()) {
    note =
        "its points are in a different order from those of " + truth + ", matched by coordinates";
  }
  const Position& offset = match.offset;
  if (std::ranges::all_of(offset, [](double v) { return v == 0.0; })) return note;
  note += note.empty() ? "matches " + truth : "";
  return note + ", moved by " + short_text(offset[0]) + ", " + short_text(offset[1]) + ", " +
         short_text(offset[2]);
}

}  // namespace

SamePoints find_same_points(const PointCloud& predicted, const PointCloud& truth) {
  if (predicted.size() != truth.size()) {
    throw Error(Fault::kInput, predicted.name(),
                "has " + std::to_string(predicted.size()) + " points, " + truth.name() + " has " +
                    std::to_string(truth.size()) + ", expected the same points");
  }
  if (!has_coordinates(predicted) || !has_coordinates(truth)) {
    return {.partner = {},
            .note = "is compared with " + truth.name() +
                    " point by point in their order: one of them has no coordinates"};
  }
  const auto ours = predicted.positions();
  const auto theirs = truth.positions();
  const double step = std::fmax(step_of(predicted, ours), step_of(truth, theirs));
  const double tolerance = match_tolerance(theirs, step);
  auto match = match_points(ours, theirs, tolerance);
  if (!match) {
    throw Error(Fault::kInput, predicted.name(),
                "has as many points as " + truth.name() +
                    ", but not the same: no one-to-one match within " + short_text(tolerance));
  }
  std::string note = note_of(*match, truth.name());
  return {.partner = std::move(match->partner), .note = std::move(note)};
}

}  // namespace ptattn::tools
