// Steps of training, forward and backward: the small Point Transformer V3 (2.7 M parameters) over
// two crops of 9,000 voxels and the published PCT; and layers of each kind beside the matrix
// product.

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/adamw.hpp"
#include "ptattn/train/layers/convolution_layer.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/patch_attention.hpp"
#include "ptattn/train/layers/row_passes.hpp"
#include "ptattn/train/trainable_network.hpp"
#include "ptattn/train/unet/unet_scene.hpp"
#include "ptv3_scenes.hpp"
#include "ptv3_work.hpp"
#include "yardstick.hpp"

namespace {

using ptattn::Matrix;
namespace train = ptattn::train;

/// Two rooms of about 9,000 voxels side by side, as two clouds.
struct TwoRooms {
  explicit TwoRooms(std::size_t channels) {
    constexpr std::int32_t kSide = 70;
    for (int i = 0; i < 2; ++i) {
      const std::vector<std::int32_t> one = ptattn_bench::room(kSide);
      grid.insert(grid.end(), one.begin(), one.end());
      ends.push_back(grid.size() / 3);
    }
    positions = Matrix(ends.back(), 3);
    features = Matrix(ends.back(), channels);
    ptattn::Random random(1);
    for (std::size_t i = 0; i < grid.size(); ++i) {
      positions.data()[i] = static_cast<float>(grid[i]);
    }
    for (float& x : features.values()) x = static_cast<float>(random.uniform());
  }
  [[nodiscard]] ptattn::PointInput input() const { return {positions, features, grid, ends, {}}; }

  std::vector<std::int32_t> grid;
  std::vector<std::size_t> ends;
  Matrix positions;
  Matrix features;
};

std::string hyper_parameters(std::size_t channels) {
  return R"({"num_classes": 6, "in_channels": )" + std::to_string(channels) + R"(,
    "enc_depths": [1, 1, 2, 2, 1], "enc_channels": [32, 48, 64, 96, 128],
    "enc_num_head": [2, 3, 4, 6, 8], "enc_patch_size": [128, 128, 128, 128, 128],
    "dec_depths": [1, 1, 1, 1], "dec_channels": [32, 48, 64, 96], "dec_num_head": [2, 3, 4, 6],
    "dec_patch_size": [128, 128, 128, 128]})";
}

/// Gflop of a step: that of the forward pass three times, but for what is not needed of the stem.
double gflop_of_step(const TwoRooms& rooms, std::size_t channels) {
  ptattn::Ptv3Config config = ptattn_bench::small_config();
  config.in_channels = channels;
  const std::size_t voxels_of_one = rooms.ends.front();
  double gflop = 0.0;
  for (const auto& [name, work] :
       ptattn_bench::ptv3_work(config, std::span(rooms.grid).first(3 * voxels_of_one))) {
    gflop += 2.0 * 2e-9 * work.multiply_adds * (name == "stem" ? 2.0 : 3.0);
  }
  return gflop;
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

ptattn::Precision precision_of(std::int64_t choice) {
  return choice == 0 ? ptattn::Precision::kFloat32 : ptattn::Precision::kBf16;
}

train::AdamW optimizer_of(train::ParameterSet& set) {
  std::vector<train::ParameterGroup> groups;
  for (const train::Parameter& parameter : set.parameters()) {
    groups.push_back({.values = parameter.value, .gradients = parameter.gradient});
  }
  return train::AdamW(groups);
}

/// Steps with their updates of the weights. range(0): threads
void take_steps(benchmark::State& state, train::TrainableNetwork& network,
                const ptattn::PointInput& input) {
  const ptattn::ThreadLimit limit(static_cast<int>(state.range(0)));
  const train::LogitsLoss loss = [](ptattn::MatrixView logits, ptattn::MutableMatrixView d_logits) {
    for (std::size_t i = 0; i < logits.rows; ++i) {
      std::copy_n(logits.row(i), logits.cols, d_logits.row(i));
    }
  };
  constexpr double kLearningRate = 1e-4;
  train::AdamW optimizer = optimizer_of(network.parameters());
  ptattn::ScratchMemory held;
  std::uint64_t number = 0;
  for (auto _ : state) {
    network.parameters().clear_gradients();
    network.step(input, {1, number++}, loss);
    (void)optimizer.clip_gradients(1.0);
    optimizer.step(kLearningRate);
  }
  state.counters["peak MB"] = peak_megabytes();
}

/// range(0): threads; range(1): 1 for products in bfloat16
void ptv3_step(benchmark::State& state) {
  constexpr std::size_t kChannels = 28;
  const TwoRooms rooms(kChannels);
  const auto network =
      train::make_trainable_network({"ptv3m1", hyper_parameters(kChannels), "bench"},
                                    {.seed = 1, .precision = precision_of(state.range(1))});
  take_steps(state, *network, rooms.input());
  const double gflop = gflop_of_step(rooms, kChannels);
  const double peak = static_cast<double>(state.range(0)) * ptattn_bench::peak_gflops();
  const double rate = gflop * static_cast<double>(state.iterations());
  state.counters["voxels"] = static_cast<double>(rooms.ends.back());
  state.counters["Gflop"] = gflop;
  state.counters["Gflop/s"] = benchmark::Counter(rate, benchmark::Counter::kIsRate);
  state.counters["share of peak"] = benchmark::Counter(rate / peak, benchmark::Counter::kIsRate);
}

/// Reports the rate of a layer's products, forward and backward, and its share of that of the
/// product on one thread.
void report(benchmark::State& state, double flops) {
  const double rate = flops * static_cast<double>(state.iterations());
  state.counters["Gflop/s"] = benchmark::Counter(1e-9 * rate, benchmark::Counter::kIsRate);
  state.counters["share of peak"] =
      benchmark::Counter(1e-9 * rate / ptattn_bench::peak_gflops(), benchmark::Counter::kIsRate);
}

Matrix random_matrix(std::size_t rows, std::size_t cols) {
  ptattn::Random random(rows + cols);
  Matrix m(rows, cols);
  for (float& x : m.values()) x = static_cast<float>(random.uniform() - 0.5);
  return m;
}

/// A fully connected layer over 18,000 rows, forward and backward, one thread.
/// range(0), range(1): channels in and out
void dense(benchmark::State& state) {
  constexpr std::size_t kRows = 18000;
  const auto in = static_cast<std::size_t>(state.range(0));
  const auto out = static_cast<std::size_t>(state.range(1));
  train::ParameterSet set;
  train::DenseLayer layer(set, {"layer"}, in, out);
  set.allocate();
  set.initialize(1);
  const Matrix x = random_matrix(kRows, in);
  const Matrix d_y = random_matrix(kRows, out);
  Matrix y(kRows, out);
  Matrix d_x(kRows, in);
  const ptattn::ThreadLimit limit(1);
  ptattn::ScratchMemory held;
  for (auto _ : state) {
    ptattn::ScratchMemory scratch;
    layer.pack(scratch);
    forward_rows(layer, x, y);
    backward_rows(layer, x, d_y, d_x);
  }
  report(state, 3.0 * 2.0 * static_cast<double>(kRows * in * out));
}

/// A convolution of 3^3 places over the voxels of a room, forward and backward, one thread.
/// range(0): channels
void convolution(benchmark::State& state) {
  const auto c = static_cast<std::size_t>(state.range(0));
  const TwoRooms rooms(1);
  const std::size_t n = rooms.ends.front();
  std::vector<ptattn::Cell> cells(n);
  for (std::size_t i = 0; i < 3 * n; ++i) {
    cells[i / 3][i % 3] = static_cast<std::uint32_t>(rooms.grid[i]);
  }
  const std::vector<std::size_t> ends{n};
  ptattn::ScratchMemory held;
  ptattn::Ptv3Level level{
      .cells = cells, .ends = ends, .depth = 8, .positions = {}, .orders = {}, .neighbors = {}};
  train::find_neighbors(level, held);
  std::size_t pairs = n;
  for (std::size_t b = 0; b < level.neighbors.block_count(); ++b) {
    for (std::size_t k = 0; k < 27; ++k) pairs += level.neighbors.pairs(b, k).inputs.size();
  }
  train::ParameterSet set;
  train::ConvolutionLayer layer(set, {"layer"}, {.in = c, .out = c, .size = 3, .bias = true});
  set.allocate();
  set.initialize(1);
  const Matrix x = random_matrix(n, c);
  const Matrix d_y = random_matrix(n, c);
  Matrix y(n, c);
  Matrix d_x(n, c);
  const ptattn::ThreadLimit limit(1);
  for (auto _ : state) {
    ptattn::ScratchMemory scratch;
    layer.pack(scratch);
    layer.forward(level.neighbors, x, y);
    layer.backward_weight(level.neighbors, x, d_y);
    layer.backward_input(level.neighbors, d_y, d_x);
  }
  report(state, 3.0 * 2.0 * static_cast<double>(pairs * c * c));
}

/// Attention inside patches of 128 rows, 18,000 of them, forward and backward, one thread.
/// range(0): channels; range(1): heads
void patch_attention(benchmark::State& state) {
  constexpr std::size_t kRows = 18000;
  constexpr std::size_t kPatch = 128;
  const auto c = static_cast<std::size_t>(state.range(0));
  const train::PatchAttention attention(c, static_cast<std::size_t>(state.range(1)), 0.0);
  std::vector<std::uint32_t> order(kRows);
  std::iota(order.begin(), order.end(), 0U);
  const std::vector<std::size_t> ends{kRows};
  ptattn::ScratchMemory held;
  const auto patches = ptattn::cut_patches(ends, kPatch, held);
  const Matrix qkv = random_matrix(kRows, 3 * c);
  const Matrix d_out = random_matrix(kRows, c);
  Matrix out(kRows, c);
  Matrix d_qkv(kRows, 3 * c);
  const ptattn::ThreadLimit limit(1);
  for (auto _ : state) {
    ptattn::ScratchMemory scratch;
    const auto record = attention.forward(qkv, {order, patches}, {}, out, scratch);
    attention.backward(record, d_out, d_qkv);
  }
  report(state, (2.0 + 5.0) * 2.0 * static_cast<double>(kRows * kPatch * c));
}

/// A step of the published PCT (2.9 M parameters) over clouds of 1,024 points.
/// range(0): threads; range(1): clouds; range(2): 1 for products in bfloat16
void pct_step(benchmark::State& state) {
  constexpr std::size_t kPoints = 1024;
  const auto clouds = static_cast<std::size_t>(state.range(1));
  const Matrix positions = random_matrix(clouds * kPoints, 3);
  std::vector<std::size_t> ends;
  for (std::size_t c = 1; c <= clouds; ++c) ends.push_back(c * kPoints);
  const auto network = train::make_trainable_network(
      {"pct_cls", "{}", "bench"}, {.seed = 1, .precision = precision_of(state.range(2))});
  take_steps(state, *network, {positions, {}, {}, ends, {}});
  state.counters["clouds/s"] = benchmark::Counter(static_cast<double>(clouds * state.iterations()),
                                                  benchmark::Counter::kIsRate);
}

BENCHMARK(ptv3_step)
    ->ArgsProduct({{1, 2}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK(pct_step)
    ->ArgsProduct({{1, 2}, {16}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK(dense)->Args({32, 128})->Args({128, 512})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(convolution)->Arg(32)->Arg(64)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(patch_attention)
    ->Args({32, 2})
    ->Args({64, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
