#pragma once

#include <chrono>
#include <cstddef>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn_bench {

/// Gflop/s of this machine's matrix product that suits the caches, [1024, 256] [256, 256], one
/// thread: what other rates are shares of. Measured at its first use, some 0.3 s.
[[nodiscard]] inline double peak_gflops() {
  static const double peak = [] {
    constexpr std::size_t kRows = 1024;
    constexpr std::size_t kWidth = 256;
    constexpr int kRuns = 200;
    constexpr double kFlops = 2.0 * kRows * kWidth * kWidth * kRuns;
    const ptattn::ThreadLimit limit(1);
    ptattn::Random random(1);
    const auto random_matrix = [&](std::size_t rows, std::size_t cols) {
      ptattn::Matrix m(rows, cols);
      for (float& x : m.values()) x = static_cast<float>(random.uniform() - 0.5);
      return m;
    };
    const ptattn::Matrix a = random_matrix(kRows, kWidth);
    const auto b = ptattn::PackedMatrix::from_rows(random_matrix(kWidth, kWidth));
    ptattn::Matrix c(kRows, kWidth);
    ptattn::multiply(a, b, {}, c);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRuns; ++i) ptattn::multiply(a, b, {}, c);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return 1e-9 * kFlops / seconds.count();
  }();
  return peak;
}

}  // namespace ptattn_bench
