// PCT in 8 bits beside float32: forward passes on one cloud of 1024 points, loading, and products.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "golden_case.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/nn/int8_linear.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/int8_gemm.hpp"

namespace {

using ptattn::Matrix;
using ptattn::Precision;

constexpr const char* kShipped = PTATTN_SOURCE_DIR "/samples/models/pct-modelnet40";

Matrix random_matrix(std::size_t rows, std::size_t cols) {
  ptattn::Random random(rows * 31 + cols);
  Matrix m(rows, cols);
  for (float& x : m.values()) x = static_cast<float>(random.uniform() - 0.5);
  return m;
}

Precision precision_of(const benchmark::State& state) {
  constexpr std::array kAll{Precision::kFloat32, Precision::kInt8, Precision::kBf16};
  return kAll.at(static_cast<std::size_t>(state.range(1)));
}

void forward(benchmark::State& state, const ptattn::Classifier& network) {
  const Matrix points = random_matrix(1024, 3);
  const ptattn::ThreadLimit limit(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(network.logits(points));
}

/// range: threads (0 for all); float32, int8 or bf16.
void published(benchmark::State& state) {
  const auto golden =
      ptattn::test::read_golden_case(PTATTN_SOURCE_DIR "/tests/golden/pct_cls.json");
  forward(state,
          *ptattn::make_classifier(golden.architecture, golden.weights, precision_of(state)));
}

void shipped(benchmark::State& state) {
  forward(state, *ptattn::load_classifier(kShipped, precision_of(state)).network);
}

void settings(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"threads", "type"})->ArgsProduct({{1, 0}, {0, 1, 2}});
  bench->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
}
BENCHMARK(published)->Apply(settings);
BENCHMARK(shipped)->Apply(settings);

void load(benchmark::State& state) {
  const ptattn::ThreadLimit limit(1);
  for (auto _ : state)
    benchmark::DoNotOptimize(ptattn::load_classifier(kShipped, precision_of(state)));
}
BENCHMARK(load)->ArgNames({"", "int8"})->ArgsProduct({{1}, {0, 1}})->Unit(benchmark::kMillisecond);

/// Products of the network's shapes, {m, k, n}: neighbourhoods, attention's layers, conv_fuse.
void shapes(benchmark::internal::Benchmark* bench) {
  for (const auto& [m, k, n] :
       {std::array{32, 128, 128}, {32, 256, 256}, {256, 256, 256}, {256, 1280, 1024}}) {
    bench->Args({m, k, n});
  }
  bench->Unit(benchmark::kMicrosecond);
}

void set_rate(benchmark::State& state) {
  state.counters["multiply-adds/s"] = benchmark::Counter(
      static_cast<double>(state.range(0) * state.range(1) * state.range(2)),
      benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

void product_float32(benchmark::State& state) {
  const auto [m, k, n] = std::array{state.range(0), state.range(1), state.range(2)};
  const Matrix a = random_matrix(m, k);
  const auto b = ptattn::PackedMatrix::from_rows(random_matrix(k, n));
  Matrix c(m, n);
  for (auto _ : state) {
    ptattn::gemm(a, b, 0, b.panels(), {}, c);
    benchmark::ClobberMemory();
  }
  set_rate(state);
}
BENCHMARK(product_float32)->Apply(shapes);

/// Rounding the left side counts.
void product_bf16(benchmark::State& state) {
  const auto [m, k, n] = std::array{state.range(0), state.range(1), state.range(2)};
  const Matrix a = random_matrix(m, k);
  auto b = ptattn::PackedMatrix::from_rows(random_matrix(k, n));
  b.round_to_bf16();
  Matrix c(m, n);
  for (auto _ : state) {
    ptattn::gemm(a, b, 0, b.panels(), {}, c);
    benchmark::ClobberMemory();
  }
  set_rate(state);
}
BENCHMARK(product_bf16)->Apply(shapes);

void product_int8(benchmark::State& state) {
  const auto [m, k, n] = std::array{state.range(0), state.range(1), state.range(2)};
  ptattn::ScratchMemory scratch;
  const auto a = ptattn::quantized(random_matrix(m, k), scratch);
  const ptattn::Int8Matrix b(ptattn::PackedMatrix::from_rows(random_matrix(k, n)));
  Matrix c(m, n);
  for (auto _ : state) {
    ptattn::int8_gemm(a, b, 0, b.panels(), {}, c);
    benchmark::ClobberMemory();
  }
  set_rate(state);
}
BENCHMARK(product_int8)->Apply(shapes);

}  // namespace
