#pragma once

#include <optional>
#include <span>
#include <string>

#include "ptattn/cloud/reference_system.hpp"
#include "ptattn/cloud/types.hpp"
#include "ptattn/tasks/geometry/scene_pose.hpp"

namespace ptattn {

/// Says what a unit of a scene's coordinates seems to be.
struct UnitGuess {
  std::string unit = "m";  ///< m, cm, mm, ft, us-ft or degree
  double metres = 1.0;     ///< that it is long; 0 for degrees
  std::string reason{};    ///< why it is not metres; empty for metres
};

/// Returns the guesses the unit of a scene, the surest sign first:
///
///   reference system   its unit, or degrees
///   degrees            x within 180, y within 90, and far higher than wide
///   finest steps       coordinates are multiples of a millimetre when read as feet, and not as
///                      they are: they were converted
///   northings          beyond 10 100 000: no metric projection reaches so far; feet do
///   heights            the 99th percentile above the lowest points: 50 and more is no tree (feet),
///                      400 and more (centimetres), 4000 and more (millimetres)
///
/// Absent signs leave metres. A guess: surveys of skyscrapers exist.
/// @param positions  as in the file, finite, without strays
/// @param system     of the file, where it has one
/// @param pose       of the same positions
/// Time O(1), beyond that of `scene_pose`.
[[nodiscard]] UnitGuess guess_unit(std::span<const Position> positions,
                                   const ReferenceSystem& system,
                                   const std::optional<ScenePose>& pose);

/// Says so where a reference system gives heights another unit than x and y, for which no factor
/// is right; empty elsewhere. The international and the US survey foot count as one unit.
[[nodiscard]] std::string note_on_heights(const ReferenceSystem& system);

}  // namespace ptattn
