// Forward passes of Point Transformer v1 (7.8 M parameters) and SPCT (1.7 M) with weights by
// formula: range(0) points of a made-up surface, range(1) threads, 0 for all.

#include <benchmark/benchmark.h>

#include <cmath>
#include <string>

#include "golden_case.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/registry.hpp"

namespace {

using ptattn::Matrix;

/// Points of a wavy square of 4 m.
Matrix surface(std::size_t n) {
  ptattn::Random random(n);
  Matrix points(n, 3);
  for (std::size_t i = 0; i < n; ++i) {
    points(i, 0) = static_cast<float>(4.0 * random.uniform());
    points(i, 1) = static_cast<float>(4.0 * random.uniform());
    points(i, 2) = 0.5F * std::sin(3.0F * points(i, 0)) * std::cos(2.0F * points(i, 1));
  }
  return points;
}

void forward(benchmark::State& state, const std::string& name) {
  const auto golden = ptattn::test::read_golden_case(PTATTN_GOLDEN_DIR "/" + name + ".json");
  const auto network = ptattn::make_point_network(golden.architecture, golden.weights);
  const Matrix points = surface(static_cast<std::size_t>(state.range(0)));
  Matrix features(points.rows(), network->in_channels());
  for (std::size_t i = 0; i < points.rows(); ++i) {
    for (std::size_t c = 0; c < features.cols(); ++c) features(i, c) = points(i, c % 3);
  }
  const ptattn::ThreadLimit limit(static_cast<int>(state.range(1)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(network->forward({points, features, {}, {}, 0}).values.data());
  }
  state.counters["points/s"] = benchmark::Counter(static_cast<double>(state.range(0)),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}

void ptv1(benchmark::State& state) {
  forward(state, "ptv1_s3dis_seg");
}
BENCHMARK(ptv1)
    ->ArgsProduct({{9000, 90000}, {1, 0}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void spct(benchmark::State& state) {
  forward(state, "spct_partseg");
}
BENCHMARK(spct)
    ->ArgsProduct({{2048, 4096}, {1, 0}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
