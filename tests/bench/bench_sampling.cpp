#include <benchmark/benchmark.h>

#include "clouds.hpp"
#include "ptattn/sampling/farthest_point.hpp"

namespace {

void farthest_point(benchmark::State& state) {
  const ptattn::Matrix points = ptattn_bench::surface(static_cast<std::size_t>(state.range(1)));
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
