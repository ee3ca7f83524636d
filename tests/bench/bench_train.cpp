// Steps of training: forward pass, loss and backward pass of the small Point Transformer V3 (2.7 M
// parameters) over two crops of 9,000 voxels.

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/trainable_network.hpp"
#include "ptv3_scenes.hpp"
#include "ptv3_work.hpp"
#include "yardstick.hpp"

namespace {

using ptattn::Matrix;

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

/// range(0): threads
void step(benchmark::State& state) {
  constexpr std::size_t kChannels = 28;
  const TwoRooms rooms(kChannels);
  const auto network = ptattn::train::make_trainable_network(
      {"ptv3m1", hyper_parameters(kChannels), "bench"}, {.seed = 1});
  const ptattn::ThreadLimit limit(static_cast<int>(state.range(0)));
  const auto loss = [](ptattn::MatrixView logits, ptattn::MutableMatrixView d_logits) {
    for (std::size_t i = 0; i < logits.rows; ++i) {
      std::copy_n(logits.row(i), logits.cols, d_logits.row(i));
    }
  };
  ptattn::ScratchMemory held;
  std::uint64_t number = 0;
  for (auto _ : state) {
    network->parameters().clear_gradients();
    network->step(rooms.input(), {1, number++}, loss);
  }
  const double gflop = gflop_of_step(rooms, kChannels);
  state.counters["voxels"] = static_cast<double>(rooms.ends.back());
  state.counters["Gflop"] = gflop;
  state.counters["Gflop/s"] = benchmark::Counter(gflop * static_cast<double>(state.iterations()),
                                                 benchmark::Counter::kIsRate);
  state.counters["peak Gflop/s"] =
      static_cast<double>(state.range(0)) * ptattn_bench::peak_gflops();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["peak MB"] = static_cast<double>(usage.ru_maxrss) / 1024.0;
}

BENCHMARK(step)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
