#include "ptattn/tasks/geometry/flat_hint.hpp"

#include <string>

#include "ptattn/cloud/bounds.hpp"

namespace ptattn {

std::optional<Hint> flat_hint(std::span<const Position> positions) {
  const Position extent = bounds_of(positions).extent();
  std::string missing;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (extent[axis] != 0.0) continue;
    missing += (missing.empty() ? "" : " and ") + std::string(1, "xyz"[axis]);
  }
  if (missing.empty() || missing.size() > std::string("x and y").size()) return std::nullopt;
  return Hint{"flat", "all points have the same " + missing + ": is a dimension missing?"};
}

}  // namespace ptattn
