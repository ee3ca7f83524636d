// Forward pass of Point Transformer V3: the published 46 M parameter network on a room of 109 000
// voxels, and a small one on a million, with the peak of the memory; and a table of the stages:
// seconds, rate of their products, and its share of the rate that the matrix product alone reaches
// (in float32, for bfloat16 and 8 bits as well).

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formula_weights.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/precision.hpp"
#include "ptattn/models/ptv3/ptv3.hpp"
#include "ptv3_scenes.hpp"
#include "ptv3_shapes.hpp"
#include "ptv3_work.hpp"
#include "yardstick.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using ptattn::Matrix;
using ptattn::Ptv3Config;
using ptattn_bench::room;
using ptattn_bench::small_config;

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

/// Adds the time since the last call to the stage that has just reported.
class StageTimes {
 public:
  void operator()(std::string_view name) {
    const auto now = Clock::now();
    const std::string stage(name.starts_with("emb") ? "stem" : name.substr(4, 4));
    seconds_[stage] += std::chrono::duration<double>(now - last_).count();
    last_ = Clock::now();
  }
  void start() { last_ = Clock::now(); }
  void report(const std::map<std::string, ptattn_bench::StageWork>& work, int threads,
              double passes) const {
    const double peak = threads * ptattn_bench::peak_gflops();
    std::printf("%6s %9s %9s %9s %9s %7s\n", "stage", "voxels", "ms", "Gflop", "Gflop/s", "share");
    double seconds_of_all = 0.0;
    double gflop_of_all = 0.0;
    const auto line = [&](const std::string& name, std::size_t voxels, double s, double gflop) {
      std::printf("%6s %9zu %9.1f %9.2f %9.1f %6.0f %%\n", name.c_str(), voxels, 1e3 * s, gflop,
                  gflop / s, 100.0 * gflop / s / peak);
    };
    for (const auto& [name, sum] : seconds_) {
      const ptattn_bench::StageWork& stage = work.at(name);
      const double gflop = 2e-9 * stage.multiply_adds;
      line(name, stage.voxels, sum / passes, gflop);
      seconds_of_all += sum / passes;
      gflop_of_all += gflop;
    }
    line("all", work.at("stem").voxels, seconds_of_all, gflop_of_all);
    std::printf("share of %.1f Gflop/s, the product of %d threads\n", peak, threads);
  }

 private:
  Clock::time_point last_;
  std::map<std::string, double> seconds_;
};

/// range(0): threads; range(1): side of the room; range(2): 1 tells stages apart, which costs some
/// copies.
void forward(benchmark::State& state, const Ptv3Config& config,
             ptattn::Precision precision = ptattn::Precision::kFloat32) {
  const ptattn::test::FormulaWeights weights(ptattn::test::ptv3_shapes(config, 20), "", "formula");
  auto layers = std::make_shared<ptattn::Ptv3Weights>(read_ptv3_weights(config, weights));
  if (precision == ptattn::Precision::kBf16) ptattn::round_to_bf16(*layers);
  if (precision == ptattn::Precision::kInt8) ptattn::quantize(*layers);
  const ptattn::Ptv3 network(config, layers);
  const std::vector<std::int32_t> grid = room(static_cast<std::int32_t>(state.range(1)));
  const std::size_t n = grid.size() / 3;
  Matrix positions(n, 3);
  Matrix features(n, config.in_channels);
  ptattn::Random random(1);
  for (std::size_t i = 0; i < grid.size(); ++i)
    positions.data()[i] = 0.02F * static_cast<float>(grid[i]);
  for (float& x : features.values()) x = static_cast<float>(random.uniform());
  const ptattn::ThreadLimit limit(static_cast<int>(state.range(0)));
  StageTimes times;
  ptattn::Trace trace;
  if (state.range(2) != 0) {
    trace = ptattn::Trace([&](std::string_view name, ptattn::MatrixView) { times(name); });
  }
  for (auto _ : state) {
    times.start();
    benchmark::DoNotOptimize(network.forward({positions, features, grid, {}, {}}, trace));
  }
  if (trace) {
    times.report(ptattn_bench::ptv3_work(config, grid), static_cast<int>(state.range(0)),
                 static_cast<double>(state.iterations()));
  }
  state.counters["voxels"] = static_cast<double>(n);
  state.counters["peak MB"] = peak_megabytes();
}

void in_milliseconds(benchmark::internal::Benchmark* one) {
  one->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
}

BENCHMARK_CAPTURE(forward, base, Ptv3Config{})
    ->Args({2, 227, 0})
    ->Args({2, 227, 1})
    ->Args({1, 227, 0})
    ->Args({1, 227, 1})
    ->Apply(in_milliseconds);
BENCHMARK_CAPTURE(forward, base_bf16, Ptv3Config{}, ptattn::Precision::kBf16)
    ->Args({2, 227, 0})
    ->Args({2, 227, 1})
    ->Args({1, 227, 0})
    ->Apply(in_milliseconds);
BENCHMARK_CAPTURE(forward, base_int8, Ptv3Config{}, ptattn::Precision::kInt8)
    ->Args({2, 227, 0})
    ->Args({2, 227, 1})
    ->Args({1, 227, 0})
    ->Apply(in_milliseconds);
BENCHMARK_CAPTURE(forward, small_int8, small_config(), ptattn::Precision::kInt8)
    ->Args({2, 690, 0})
    ->Args({2, 690, 1})
    ->Apply(in_milliseconds);
BENCHMARK_CAPTURE(forward, small_bf16, small_config(), ptattn::Precision::kBf16)
    ->Args({2, 690, 0})
    ->Args({2, 690, 1})
    ->Apply(in_milliseconds);
BENCHMARK_CAPTURE(forward, small, small_config())
    ->Args({2, 227, 0})
    ->Args({2, 690, 0})
    ->Args({2, 690, 1})
    ->Apply(in_milliseconds);

}  // namespace
