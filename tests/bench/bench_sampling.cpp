#include <benchmark/benchmark.h>

#include <cmath>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/sampling/farthest_point.hpp"

namespace {

/// Points on a bumpy closed surface: scans are surfaces, and sampling depends on that.
ptattn::Matrix surface(std::size_t n) {
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

void farthest_point(benchmark::State& state) {
  const ptattn::Matrix points = surface(static_cast<std::size_t>(state.range(1)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        ptattn::farthest_point_sample(points, static_cast<std::size_t>(state.range(0))));
  }
}
BENCHMARK(farthest_point)
    ->ArgNames({"samples", "of"})
    ->Args({256, 512})
    ->Args({512, 1024})
    ->Args({1024, 10'000})
    ->Args({4096, 50'000})
    ->Args({50'000, 100'000})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
