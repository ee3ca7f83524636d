#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {

/// Squared distance with the roundings that the library promises.
inline float squared_distance(const float* a, const float* b) {
  const float dx = a[0] - b[0];
  const float dy = a[1] - b[1];
  const float dz = a[2] - b[2];
  return (dx * dx + dy * dy) + dz * dz;
}

struct Shape {
  std::string name;
  Matrix points;
};

/// [n, 3] with every coordinate from `value(random, i, axis)`.
template <class Value>
Matrix generate(std::size_t n, const Value& value) {
  Random random(n);
  Matrix points(n, 3);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      points(i, axis) = static_cast<float>(value(random, i, axis));
    }
  }
  return points;
}

/// Clouds of n points that are easy, or nasty: many exact ties, no extent, values out of range.
inline std::vector<Shape> shapes(std::size_t n) {
  std::vector<Shape> all;
  all.push_back({"uniform", generate(n, [](Random& r, auto, auto) { return r.uniform(); })});
  all.push_back({"grid", generate(n, [](Random& r, auto, auto) { return 0.25 * r.below(9); })});
  all.push_back({"identical", generate(n, [](Random&, auto, auto) { return 0.7; })});
  all.push_back({"two places", generate(n, [](Random&, std::size_t i, auto) { return i % 2; })});
  all.push_back({"line", generate(n, [](Random&, std::size_t i, auto) { return 0.1 * (i % 97); })});
  all.push_back({"plane far away", generate(n, [](Random& r, auto, std::size_t axis) {
                   return axis == 2 ? 1e6 : 1e6 + r.uniform();
                 })});
  all.push_back({"tiny", generate(n, [](Random& r, auto, auto) { return 1e-22 * r.uniform(); })});
  all.push_back({"overflowing", generate(n, [](Random& r, auto, auto) {
                   return (r.below(5) == 0 ? 3e38 : 1e19) * (2.0 * r.uniform() - 1.0);
                 })});
  return all;
}

}  // namespace ptattn::test
