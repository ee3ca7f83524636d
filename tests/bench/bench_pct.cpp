// Forward pass of the published PCT (2.9 M parameters) on one cloud of 1024 points, its matrix
// products beside Eigen's, and the share of sampling and neighbours.

#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <map>
#include <string>
#include <vector>

#include "golden_case.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/pct/neighbors.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/nn/grouping.hpp"
#include "ptattn/nn/linear.hpp"
#include "ptattn/sampling/farthest_point.hpp"

namespace {

using ptattn::Matrix;

constexpr double kForwardMultiplyAdds = 1.42e9;

Matrix random_matrix(std::size_t rows, std::size_t cols) {
  ptattn::Random random(rows * 31 + cols);
  Matrix m(rows, cols);
  for (float& x : m.values()) x = static_cast<float>(random.uniform() - 0.5);
  return m;
}

void set_flops(benchmark::State& state, double multiply_adds) {
  state.counters["flop/s"] =
      benchmark::Counter(2.0 * multiply_adds, benchmark::Counter::kIsIterationInvariantRate,
                         benchmark::Counter::kIs1000);
}

/// range(0): threads, 0 for all.
void forward(benchmark::State& state) {
  const auto golden = ptattn::test::read_golden_case(PTATTN_GOLDEN_DIR "/pct_cls.json");
  const auto network = ptattn::make_classifier(golden.architecture, golden.weights);
  const Matrix points = random_matrix(1024, 3);
  const ptattn::ThreadLimit limit(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(network->logits(points));
  set_flops(state, kForwardMultiplyAdds);
}
BENCHMARK(forward)->Arg(1)->Arg(0)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

/// What precedes the layers: both stages' sampling and neighbours.
void sampling_and_neighbors(benchmark::State& state) {
  const Matrix points = random_matrix(1024, 3);
  std::vector<std::uint32_t> neighbors(512 * 32);
  const ptattn::ThreadLimit limit(1);
  for (auto _ : state) {
    const Matrix first = ptattn::gather_rows(points, ptattn::farthest_point_sample(points, 512));
    ptattn::pct_neighbors(points, first, 32, neighbors);
    const Matrix second = ptattn::gather_rows(first, ptattn::farthest_point_sample(first, 256));
    ptattn::pct_neighbors(first, second, 32, neighbors);
    benchmark::DoNotOptimize(neighbors.data());
  }
}
BENCHMARK(sampling_and_neighbors)->Unit(benchmark::kMillisecond);

/// Products of the network's shapes: {m, k, n}.
void shapes(benchmark::internal::Benchmark* bench) {
  for (const auto& [m, k, n] : {std::array{1024, 64, 64},
                                {16384, 128, 128},
                                {8192, 256, 256},
                                {256, 256, 256},
                                {256, 64, 256},
                                {256, 1280, 1024}}) {
    bench->Args({m, k, n});
  }
}

void product(benchmark::State& state) {
  const auto [m, k, n] = std::array{state.range(0), state.range(1), state.range(2)};
  const Matrix a = random_matrix(m, k);
  const auto b = ptattn::PackedMatrix::from_rows(random_matrix(k, n));
  Matrix c(m, n);
  const ptattn::ThreadLimit limit(1);
  for (auto _ : state) {
    ptattn::multiply(a, b, {}, c);
    benchmark::ClobberMemory();
  }
  set_flops(state, static_cast<double>(m * k * n));
}
BENCHMARK(product)->Apply(shapes)->Unit(benchmark::kMillisecond);

void product_eigen(benchmark::State& state) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto [m, k, n] = std::array{state.range(0), state.range(1), state.range(2)};
  const RowMajor a = RowMajor::Random(m, k);
  const RowMajor b = RowMajor::Random(k, n);
  RowMajor c(m, n);
  for (auto _ : state) {
    c.noalias() = a * b;
    benchmark::ClobberMemory();
  }
  set_flops(state, static_cast<double>(m * k * n));
}
BENCHMARK(product_eigen)->Apply(shapes)->Unit(benchmark::kMillisecond);

}  // namespace
