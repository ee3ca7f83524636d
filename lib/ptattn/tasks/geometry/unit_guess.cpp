#include "ptattn/tasks/geometry/unit_guess.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "ptattn/cloud/orientation.hpp"

namespace ptattn {
namespace {

constexpr double kFoot = 0.3048;
constexpr double kSurveyFoot = 1200.0 / 3937.0;
constexpr double kFarthestNorth = 10'100'000.0;
constexpr double kTallest = 50.0;
constexpr double kTallestInFeet = 400.0;
constexpr double kTallestInCentimetres = 4000.0;
constexpr std::size_t kSteps = 600;
constexpr double kLongestStep = 5.0;  // rounded factors of conversion add up over longer ones
constexpr double kMillimetre = 0.001;

std::optional<UnitGuess> by_system(const ReferenceSystem& system) {
  if (system.geographic) {
    return UnitGuess{"degree", 0.0, "the file's reference system is geographic"};
  }
  if (!system.metres) return std::nullopt;
  const auto is = [&](double metres) { return std::abs(*system.metres / metres - 1.0) < 1e-7; };
  if (is(1.0)) return UnitGuess{};
  const std::string reason = "the file's reference system says so";
  if (is(kFoot)) return UnitGuess{"ft", kFoot, reason};
  if (is(kSurveyFoot)) return UnitGuess{"us-ft", kSurveyFoot, reason};
  return std::nullopt;
}

/// Short differences between points that follow one another, along any axis.
std::vector<double> short_steps(std::span<const Position> positions) {
  std::vector<double> steps;
  const std::size_t stride = std::max<std::size_t>(1, positions.size() / (4 * kSteps));
  for (std::size_t i = 0; i + 1 < positions.size() && steps.size() < kSteps; i += stride) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double step = std::abs(positions[i + 1][axis] - positions[i][axis]);
      if (step > 0.0 && step < kLongestStep) steps.push_back(step);
    }
  }
  return steps;
}

/// The share of `steps`, each times `factor`, that are whole millimetres.
double share_on_grid(std::span<const double> steps, double factor) {
  const auto on_grid = [&](double step) {
    const double grid = step * factor / kMillimetre;
    return std::abs(grid - std::round(grid)) < 0.1;
  };
  return static_cast<double>(std::ranges::count_if(steps, on_grid)) /
         static_cast<double>(steps.size());
}

bool were_metres(std::span<const Position> positions) {
  const std::vector<double> steps = short_steps(positions);
  if (steps.size() < 30) return false;
  if (share_on_grid(steps, 1.0) > 0.5) return false;
  constexpr std::array kFactors{kFoot, 1.0 / 3.28, 1.0 / 3.281};
  return std::ranges::any_of(kFactors,
                             [&](double factor) { return share_on_grid(steps, factor) > 0.9; });
}

bool are_degrees(std::span<const Position> positions, const ScenePose& pose) {
  const Position& p = positions.front();
  const double wide = std::max(pose.extent[0], pose.extent[1]);
  return std::abs(p[0]) <= 180.0 && std::abs(p[1]) <= 90.0 && wide < 1.0 &&
         pose.extent[2] > 20.0 * wide;
}

}  // namespace

std::string note_on_heights(const ReferenceSystem& system) {
  if (!system.metres || !system.metres_of_height) return "";
  constexpr double kAlike = 0.01;
  if (std::abs(*system.metres / *system.metres_of_height - 1.0) < kAlike) return "";
  const auto words = [](double metres) -> std::string {
    if (metres == 1.0) return "metres";
    return std::abs(metres / kFoot - 1.0) < kAlike ? "feet" : "another unit";
  };
  return "heights are in " + words(*system.metres_of_height) + ", x and y in " +
         words(*system.metres) + ", as the file's reference system says: convert them to one unit";
}

UnitGuess guess_unit(std::span<const Position> positions, const ReferenceSystem& system,
                     const std::optional<ScenePose>& pose) {
  if (const auto known = by_system(system)) return *known;
  if (positions.empty() || !pose) return {};
  if (are_degrees(positions, *pose)) {
    return {"degree", 0.0, "x and y fit longitudes and latitudes"};
  }
  if (were_metres(positions)) {
    return {"ft", kFoot, "coordinates are whole millimetres if they are feet"};
  }
  const Position& p = positions.front();
  const std::size_t up = coordinate_of(pose->up);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (axis != up && std::abs(p[axis]) > kFarthestNorth && std::abs(p[axis]) < 4e7) {
      return {"ft", kFoot, "no metric projection has coordinates beyond 10 100 000"};
    }
  }
  if (!pose->is_flat() || pose->height < kTallest) return {};
  const std::string reason =
      "what stands on the ground is " + std::to_string(std::lround(pose->height)) + " high";
  if (pose->height < kTallestInFeet) return {"ft", kFoot, reason};
  if (pose->height < kTallestInCentimetres) return {"cm", 0.01, reason};
  return {"mm", 0.001, reason};
}

}  // namespace ptattn
