// Forward pass of LitePT-S (12.8 M parameters, weights by formula) on a made-up sweep of 32 beams
// in voxels of 5 cm: range(0) threads, range(1) float32, bf16 or int8. `--benchmark_repetitions=3
// --benchmark_enable_random_interleaving=true` takes them in turn.

#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <vector>

#include "formula_weights.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/litept/litept.hpp"
#include "ptattn/models/registry.hpp"
#include "ptv3_scenes.hpp"
#include "ptv3_shapes.hpp"

namespace {

using ptattn::Matrix;
using ptattn::Precision;

constexpr const char* kHyperParameters = R"({"in_channels": 4, "num_classes": 16})";
constexpr std::array kPrecisions{Precision::kFloat32, Precision::kBf16, Precision::kInt8};

void litept_small(benchmark::State& state) {
  const auto config = ptattn::read_litept_config(kHyperParameters, "LitePT-S");
  const ptattn::test::FormulaWeights weights(ptattn::test::ptv3_shapes(config, 16), "", "formula");
  const auto network =
      ptattn::make_point_network({"litept", kHyperParameters, "LitePT-S"}, weights,
                                 kPrecisions.at(static_cast<std::size_t>(state.range(1))));
  const std::vector<std::int32_t> grid = ptattn_bench::sweep();
  Matrix positions(grid.size() / 3, 3);
  Matrix features(positions.rows(), 4);
  ptattn::Random random(1);
  for (std::size_t i = 0; i < grid.size(); ++i)
    positions.data()[i] = 0.05F * static_cast<float>(grid[i]);
  for (float& x : features.values()) x = static_cast<float>(random.uniform());
  const ptattn::ThreadLimit limit(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(network->forward({positions, features, grid, {}, {}}).values.data());
  }
  state.counters["voxels"] = static_cast<double>(positions.rows());
}
BENCHMARK(litept_small)
    ->ArgNames({"threads", "type"})
    ->ArgsProduct({{1, 2}, {0, 1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
