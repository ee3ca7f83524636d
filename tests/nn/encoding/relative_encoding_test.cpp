#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/encoding/relative_encoding.hpp"

namespace ptattn::test {
namespace {

using Grid = std::vector<std::int32_t>;

RelativeMlpWeights random_mlp(std::size_t channels) {
  return {random_dense(3, 3, 5), Linear(random_dense(3, channels, 6))};
}

std::vector<std::uint32_t> random_neighbors(std::size_t count, std::size_t keys) {
  Random random(3);
  std::vector<std::uint32_t> neighbors(count);
  for (std::uint32_t& j : neighbors) j = static_cast<std::uint32_t>(random.below(keys));
  return neighbors;
}

Grid random_grid(std::size_t points, std::uint64_t seed, std::uint64_t extent) {
  Random random(seed);
  Grid grid(3 * points);
  for (std::int32_t& g : grid) g = static_cast<std::int32_t>(random.below(extent));
  return grid;
}

TEST(relative_mlp, hand_computed) {
  // hidden = ReLU((dx, -dy, dz + 1)), out = (h0 + h1 + h2, 10 h1 - 1).
  RelativeMlpWeights w;
  w.hidden = {Matrix(3, 3), {0.0F, 0.0F, 1.0F}};
  std::fill_n(w.hidden.weight.data(), 9, 0.0F);
  w.hidden.weight(0, 0) = 1.0F, w.hidden.weight(1, 1) = -1.0F, w.hidden.weight(2, 2) = 1.0F;
  DenseWeights out{Matrix(2, 3), {0.0F, -1.0F}};
  for (std::size_t j = 0; j < 3; ++j) out.weight(0, j) = 1.0F, out.weight(1, j) = 0.0F;
  out.weight(1, 1) = 10.0F;
  w.out = Linear(std::move(out));
  Matrix query(1, 3);
  query(0, 0) = 1.0F, query(0, 1) = 2.0F, query(0, 2) = 3.0F;
  Matrix keys(2, 3);
  keys(0, 0) = 3.0F, keys(0, 1) = 1.5F, keys(0, 2) = 4.0F;  // step (2, -1/2, 1)
  keys(1, 0) = 0.0F, keys(1, 1) = 3.0F, keys(1, 2) = 1.0F;  // step (-1, 1, -2): all below zero
  Matrix delta(2, 2);
  relative_mlp(w, query, keys, std::vector<std::uint32_t>{0, 1}, delta);
  EXPECT_FLOAT_EQ(delta(0, 0), 4.5F);
  EXPECT_FLOAT_EQ(delta(0, 1), 4.0F);
  EXPECT_FLOAT_EQ(delta(1, 0), 0.0F);
  EXPECT_FLOAT_EQ(delta(1, 1), -1.0F);
}

TEST(relative_mlp, equals_its_scalar_twin) {
  for (const std::size_t channels : {1, 5, 32, 40}) {
    const DenseWeights hidden = random_dense(3, 3, 5);
    const DenseWeights last = random_dense(3, channels, 6);
    const RelativeMlpWeights w{clone(hidden), Linear(clone(last))};
    const Matrix queries = random_matrix(70, 3, 1);
    const Matrix keys = random_matrix(31, 3, 2);
    const auto neighbors = random_neighbors(70 * 7, 31);
    Embedded out(70 * 7, channels, 3, 1);
    relative_mlp(w, queries, keys, neighbors, out.view());
    for (std::size_t r = 0; r < neighbors.size(); ++r) {
      std::array<double, 3> h{};
      for (std::size_t o = 0; o < 3; ++o) {
        double sum = hidden.bias[o];
        for (std::size_t a = 0; a < 3; ++a) {
          sum += hidden.weight(o, a) * (double{keys(neighbors[r], a)} - queries(r / 7, a));
        }
        h[o] = std::max(sum, 0.0);
      }
      for (std::size_t c = 0; c < channels; ++c) {
        double sum = last.bias[c];
        for (std::size_t o = 0; o < 3; ++o) sum += last.weight(c, o) * h[o];
        ASSERT_NEAR(out.view()(r, c), sum, 2e-6);
      }
    }
    EXPECT_TRUE(out.surroundings_intact());
  }
}

TEST(relative_mlp, moving_the_cloud_changes_nothing) {
  const RelativeMlpWeights w = random_mlp(16);
  const auto neighbors = random_neighbors(50 * 4, 50);
  Matrix x = random_matrix(50, 3, 1);
  Matrix here(200, 16);
  relative_mlp(w, x, x, neighbors, here);
  for (float& value : x.values()) value += 2.0F;
  Matrix there(200, 16);
  relative_mlp(w, x, x, neighbors, there);
  EXPECT_LT(distance(here, there), 2e-6);
}

TEST(relative_mlp, same_bytes_for_any_thread_count) {
  const RelativeMlpWeights w = random_mlp(24);
  const Matrix x = random_matrix(500, 3, 1);
  const auto neighbors = random_neighbors(500 * 9, 500);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    Matrix out(neighbors.size(), 24);
    relative_mlp(w, x, x, neighbors, out);
    return out;
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(relative_mlp, nothing_to_do_and_shapes_that_do_not_fit) {
  const RelativeMlpWeights w = random_mlp(4);
  const Matrix x = random_matrix(5, 3, 1);
  Matrix none(0, 4);
  EXPECT_NO_THROW(relative_mlp(w, Matrix(0, 3), x, {}, none));
  EXPECT_NO_THROW(relative_mlp(w, x, x, {}, none));

  const std::vector<std::uint32_t> ten(10, 0);
  Matrix out(10, 4);
  EXPECT_NO_THROW(relative_mlp(w, x, x, ten, out));
  EXPECT_THROW(relative_mlp(w, Matrix(0, 3), x, ten, out), Error);
  EXPECT_THROW(relative_mlp(w, random_matrix(3, 3, 1), x, ten, out), Error);
  EXPECT_THROW(relative_mlp(w, random_matrix(5, 2, 1), x, ten, out), Error);
  Matrix narrow(10, 3);
  EXPECT_THROW(relative_mlp(w, x, x, ten, narrow), Error);
  const RelativeMlpWeights wide{random_dense(3, 4, 1), Linear(random_dense(4, 4, 1))};
  EXPECT_THROW(relative_mlp(wide, x, x, ten, out), Error);
}

TEST(relative_table, hand_computed) {
  // b = 1: entries of steps -1, 0, 1 of x, then of y, then of z; one head.
  Matrix table(9, 1);
  const float entries[] = {1, 2, 3, 10, 20, 30, 100, 200, 300};
  std::copy_n(entries, 9, table.data());
  const RelativeTable encoding(table);
  ASSERT_EQ(encoding.bound(), 1U);
  const Grid queries{5, 5, 5};
  const Grid keys{5, 5, 5, 4, 6, 5, 0, 9, 1};  // steps (0, 0, 0), (1, -1, 0), (5, -4, 4)
  Matrix bias(1, 3);
  encoding.bias(0, queries, keys, bias);
  EXPECT_EQ(bias(0, 0), 222.0F);
  EXPECT_EQ(bias(0, 1), 213.0F);
  EXPECT_EQ(bias(0, 2), 313.0F);
}

TEST(relative_table, equals_its_scalar_twin_on_every_cpu_level) {
  constexpr std::size_t kHeads = 3;
  for_each_target([] {
    for (const std::int32_t bound : {0, 2, 11}) {
      const auto steps = static_cast<std::size_t>(2 * bound + 1);
      const Matrix table = random_matrix(3 * steps, kHeads, 4);
      const RelativeTable encoding(table);
      for (const std::size_t n : {1, 3, 16, 37}) {
        const Grid queries = random_grid(5, 1, 20);
        const Grid keys = random_grid(n, 2, 20);
        for (std::size_t head = 0; head < kHeads; ++head) {
          Embedded bias(5, n, 3, 1);
          encoding.bias(head, queries, keys, bias.view());
          for (std::size_t i = 0; i < 5; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
              float sum = 0.0F;
              for (std::size_t a = 0; a < 3; ++a) {
                const auto step =
                    std::clamp(queries[3 * i + a] - keys[3 * j + a], -bound, bound) + bound;
                sum += table(static_cast<std::size_t>(step) + a * steps, head);
              }
              ASSERT_EQ(bias.view()(i, j), sum);
            }
          }
          EXPECT_TRUE(bias.surroundings_intact());
        }
      }
    }
  });
}

TEST(relative_table, moving_the_grid_changes_nothing) {
  const RelativeTable encoding(random_matrix(3 * 9, 1, 4));
  Grid grid = random_grid(40, 1, 12);
  Matrix here(40, 40);
  encoding.bias(0, grid, grid, here);
  for (std::int32_t& g : grid) g += 65000;
  Matrix there(40, 40);
  encoding.bias(0, grid, grid, there);
  EXPECT_TRUE(same_bytes(here, there));
}

TEST(relative_table, refuses_what_does_not_fit) {
  for (const std::size_t rows : {0, 1, 6, 8, 10, 12}) {
    EXPECT_THROW(RelativeTable(random_matrix(rows, 2, 1)), Error) << rows;
  }
  const RelativeTable encoding(random_matrix(9, 2, 1));
  EXPECT_EQ(encoding.heads(), 2U);
  const Grid grid = random_grid(4, 1, 5);
  Matrix bias(4, 4);
  EXPECT_NO_THROW(encoding.bias(1, grid, grid, bias));
  EXPECT_THROW(encoding.bias(2, grid, grid, bias), Error);
  Matrix wide(4, 5);
  EXPECT_THROW(encoding.bias(0, grid, grid, wide), Error);
  Matrix tall(5, 4);
  EXPECT_THROW(encoding.bias(0, grid, grid, tall), Error);
}

}  // namespace
}  // namespace ptattn::test
