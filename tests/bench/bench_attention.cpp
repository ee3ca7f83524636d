// Attention beside this machine's matrix product and beside the version that writes the weights
// out. The counter `gflops` counts 2 m n (d + c) operations, exponentials not included.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <ctime>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/nn/attention/attention.hpp"
#include "ptattn/nn/kernels/attention.hpp"
#include "ptattn/nn/linear.hpp"

namespace {

using ptattn::Matrix;
using ptattn::MatrixView;

constexpr std::size_t kHeads = 8;

Matrix random_matrix(std::size_t rows, std::size_t cols) {
  ptattn::Random random(rows * 31 + cols);
  Matrix m(rows, cols);
  for (float& x : m.values()) x = static_cast<float>(2.0 * random.uniform() - 1.0);
  return m;
}

/// A product that suits the caches, one thread.
struct Product {
  Matrix a = random_matrix(1024, 256);
  ptattn::PackedMatrix b = ptattn::PackedMatrix::from_rows(random_matrix(256, 256));
  Matrix c = Matrix(1024, 256);

  static constexpr double kMultiplyAdds = 1024.0 * 256.0 * 256.0;
  void run() {
    ptattn::multiply(a, b, {}, c);
    benchmark::ClobberMemory();
  }
};

/// The yardstick, measured at its first use.
double peak_gflops() {
  static const double peak = [] {
    const ptattn::ThreadLimit limit(1);
    Product product;
    product.run();
    constexpr int kRuns = 1000;
    const std::clock_t start = std::clock();
    for (int i = 0; i < kRuns; ++i) product.run();
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    return 2e-9 * Product::kMultiplyAdds * kRuns / seconds;
  }();
  return peak;
}

void set_gflops(benchmark::State& state, double multiply_adds) {
  const auto rate = benchmark::Counter::kIsIterationInvariantRate;
  state.counters["gflops"] = benchmark::Counter(2e-9 * multiply_adds, rate);
  state.counters["share"] = benchmark::Counter(2e-9 * multiply_adds / peak_gflops(), rate);
}

void gemm_peak(benchmark::State& state) {
  const ptattn::ThreadLimit limit(1);
  Product product;
  for (auto _ : state) product.run();
  set_gflops(state, Product::kMultiplyAdds);
}
BENCHMARK(gemm_peak);

/// kHeads heads over n positions, columns of one fused [n, 3 kHeads d] matrix: {n, d, threads}.
void heads(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const auto d = static_cast<std::size_t>(state.range(1));
  const ptattn::ThreadLimit limit(static_cast<int>(state.range(2)));
  const Matrix qkv = random_matrix(n, 3 * kHeads * d);
  Matrix out(n, kHeads * d);
  const auto part = [&](std::size_t which, std::size_t h) {
    return qkv.view().cols_range((which * kHeads + h) * d, d);
  };
  for (auto _ : state) {
    for (std::size_t h = 0; h < kHeads; ++h) {
      ptattn::attention(part(0, h), part(1, h), part(2, h), {}, out.view().cols_range(h * d, d));
    }
    benchmark::ClobberMemory();
  }
  set_gflops(state, static_cast<double>(kHeads * n * n * 2 * d));
}
BENCHMARK(heads)
    ->ArgNames({"n", "d", "threads"})
    ->Args({16384, 32, 1})
    ->Args({16384, 32, 2})
    ->Args({16384, 64, 1})
    ->Args({16384, 16, 1})
    ->Unit(benchmark::kMillisecond);

/// Patches of 1024 as in Point Transformer V3, one (patch, head) after the other: {d}.
void patch(benchmark::State& state) {
  constexpr std::size_t kPatch = 1024;
  const auto d = static_cast<std::size_t>(state.range(0));
  const Matrix qkv = random_matrix(kPatch, 3 * kHeads * d);
  Matrix out(kPatch, kHeads * d);
  for (auto _ : state) {
    for (std::size_t h = 0; h < kHeads; ++h) {
      ptattn::attention_on_this_thread(
          qkv.view().cols_range(h * d, d), qkv.view().cols_range((kHeads + h) * d, d),
          qkv.view().cols_range((2 * kHeads + h) * d, d), {}, out.view().cols_range(h * d, d));
    }
    benchmark::ClobberMemory();
  }
  set_gflops(state, static_cast<double>(kHeads * kPatch * kPatch * 2 * d));
}
BENCHMARK(patch)->ArgName("d")->Arg(16)->Arg(18)->Arg(32)->Arg(64)->Unit(benchmark::kMillisecond);

/// The same patch with a bias for every pair, as a relative encoding makes it.
void patch_with_bias(benchmark::State& state) {
  constexpr std::size_t kPatch = 1024;
  constexpr std::size_t kWidth = 32;
  const Matrix qkv = random_matrix(kPatch, 3 * kWidth);
  const Matrix bias = random_matrix(kPatch, kPatch);
  Matrix out(kPatch, kWidth);
  ptattn::AttentionScores scores;
  scores.bias = bias;
  for (auto _ : state) {
    ptattn::attention_on_this_thread(qkv.view().cols_range(0, kWidth),
                                     qkv.view().cols_range(kWidth, kWidth),
                                     qkv.view().cols_range(2 * kWidth, kWidth), scores, out);
    benchmark::ClobberMemory();
  }
  set_gflops(state, static_cast<double>(kPatch * kPatch * 2 * kWidth));
}
BENCHMARK(patch_with_bias)->Unit(benchmark::kMillisecond);

/// One head with the weights written out: product, softmax, product, each as fast as ptattn has it.
void materialised(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t kWidth = 32;
  const ptattn::ThreadLimit limit(1);
  const Matrix q = random_matrix(n, kWidth);
  const Matrix k = random_matrix(n, kWidth);
  const auto v = ptattn::PackedMatrix::from_rows(random_matrix(n, kWidth));
  Matrix out(n, kWidth);
  for (auto _ : state) {
    ptattn::multiply(ptattn::attention_weights(q, k, {}), v, {}, out);
    benchmark::ClobberMemory();
  }
  set_gflops(state, static_cast<double>(n * n * 2 * kWidth));
}
BENCHMARK(materialised)->ArgName("n")->Arg(1024)->Arg(16384)->Unit(benchmark::kMillisecond);

/// A million queries with 32 neighbours each, anywhere in memory or close by: {d, near}.
void neighbors(benchmark::State& state) {
  constexpr std::size_t kPoints = 1'000'000;
  constexpr std::size_t kNeighbors = 32;
  const auto d = static_cast<std::size_t>(state.range(0));
  const std::size_t reach = state.range(1) != 0 ? 4096 : kPoints;
  const ptattn::ThreadLimit limit(1);
  const Matrix q = random_matrix(kPoints, d);
  const Matrix k = random_matrix(kPoints, d);
  const Matrix v = random_matrix(kPoints, d);
  Matrix out(kPoints, d);
  ptattn::Random random(1);
  std::vector<std::uint32_t> lists(kPoints * kNeighbors);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    lists[i] = static_cast<std::uint32_t>((i / kNeighbors + random.below(reach)) % kPoints);
  }
  for (auto _ : state) {
    ptattn::neighbor_attention(q, k, v, lists, {}, out);
    benchmark::ClobberMemory();
  }
  set_gflops(state, static_cast<double>(kPoints * kNeighbors * 2 * d));
}
BENCHMARK(neighbors)
    ->ArgNames({"d", "near"})
    ->ArgsProduct({{4, 32, 64}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

}  // namespace
