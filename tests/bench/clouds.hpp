#pragma once

#include <cmath>
#include <cstddef>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn_bench {

/// n points on a bumpy closed surface, as scanners see the world.
inline ptattn::Matrix surface(std::size_t n) {
  ptattn::Random random(n);
  ptattn::Matrix points(n, 3);
  for (std::size_t i = 0; i < n; ++i) {
    const double z = 2.0 * random.uniform() - 1.0;
    const double angle = 6.283185307179586 * random.uniform();
    const double bump = 1.0 + 0.2 * std::sin(5.0 * angle) * (1.0 - z * z);
    const double around = std::sqrt(1.0 - z * z) * bump;
    points(i, 0) = static_cast<float>(around * std::cos(angle));
    points(i, 1) = static_cast<float>(around * std::sin(angle));
    points(i, 2) = static_cast<float>(z);
  }
  return points;
}

/// n points uniform in the unit cube: more neighbours to choose from than on a surface.
inline ptattn::Matrix volume(std::size_t n) {
  ptattn::Random random(n);
  ptattn::Matrix points(n, 3);
  for (float& value : points.values()) value = static_cast<float>(random.uniform());
  return points;
}

}  // namespace ptattn_bench
