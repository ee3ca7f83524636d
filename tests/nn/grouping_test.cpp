#include "ptattn/nn/grouping.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "matrices.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

struct Sizes {
  std::size_t points, centers, neighbors, in, hidden, out;
};

struct Problem {
  Matrix features;
  DenseWeights first;
  DenseWeights second;
  std::vector<std::uint32_t> centers;
  std::vector<std::uint32_t> neighbors;

  explicit Problem(Sizes s)
      : features(random_matrix(s.points, s.in, 1)),
        first(random_dense(2 * s.in, s.hidden, 2)),
        second(random_dense(s.hidden, s.out, 3)) {
    Random random(4);
    const auto draw = [&] { return static_cast<std::uint32_t>(random.below(s.points)); };
    for (std::size_t i = 0; i < s.centers; ++i) centers.push_back(draw());
    for (std::size_t i = 0; i < s.centers * s.neighbors; ++i) neighbors.push_back(draw());
  }
  [[nodiscard]] Matrix run() const {
    Matrix out(centers.size(), second.weight.rows());
    embed_neighborhoods(GroupingWeights(first, clone(second)), features, centers, neighbors, out);
    return out;
  }
};

/// ReLU(W x + bias), in float64.
std::vector<double> layer(const DenseWeights& dense, const std::vector<double>& x) {
  std::vector<double> out(dense.weight.rows());
  for (std::size_t o = 0; o < out.size(); ++o) {
    double sum = dense.bias[o];
    for (std::size_t c = 0; c < x.size(); ++c) sum += dense.weight(o, c) * x[c];
    out[o] = std::max(sum, 0.0);
  }
  return out;
}

/// The definition: rows [f_j - f_i, f_i], two layers, maximum.
std::vector<double> twin(const Problem& p, std::size_t center) {
  const std::size_t in = p.features.cols();
  const std::size_t k = p.neighbors.size() / p.centers.size();
  std::vector<double> largest(p.second.weight.rows(), 0.0);
  for (std::size_t r = 0; r < k; ++r) {
    const float* near = p.features.row(p.neighbors[center * k + r]);
    const float* at = p.features.row(p.centers[center]);
    std::vector<double> row(2 * in);
    for (std::size_t c = 0; c < in; ++c) {
      row[c] = double{near[c]} - at[c];
      row[in + c] = at[c];
    }
    const std::vector<double> out = layer(p.second, layer(p.first, row));
    for (std::size_t c = 0; c < out.size(); ++c) largest[c] = std::max(largest[c], out[c]);
  }
  return largest;
}

TEST(embed_neighborhoods, equals_its_scalar_twin) {
  // One neighbour; a block that does not divide the centres; more neighbours than a block has rows.
  for (const Sizes& sizes : {Sizes{20, 9, 1, 5, 7, 11}, Sizes{40, 33, 6, 16, 20, 40},
                             Sizes{200, 3, 150, 4, 8, 32}, Sizes{1, 1, 1, 1, 1, 1}}) {
    const Problem problem(sizes);
    const Matrix actual = problem.run();
    ASSERT_EQ(actual.rows(), sizes.centers);
    ASSERT_EQ(actual.cols(), sizes.out);
    for (std::size_t i = 0; i < sizes.centers; ++i) {
      const std::vector<double> expected = twin(problem, i);
      for (std::size_t c = 0; c < sizes.out; ++c) ASSERT_NEAR(actual(i, c), expected[c], 1e-4);
    }
  }
}

TEST(embed_neighborhoods, order_of_neighbors_does_not_matter) {
  Problem problem({50, 10, 8, 6, 12, 16});
  const Matrix before = problem.run();
  for (std::size_t i = 0; i < 10; ++i) {
    std::reverse(problem.neighbors.begin() + static_cast<std::ptrdiff_t>(8 * i),
                 problem.neighbors.begin() + static_cast<std::ptrdiff_t>(8 * i + 8));
  }
  EXPECT_TRUE(same_bytes(problem.run(), before));
}

TEST(embed_neighborhoods, same_bytes_for_any_thread_count) {
  const Problem problem({300, 200, 12, 16, 40, 48});
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return problem.run();
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(embed_neighborhoods, no_centers) {
  Problem problem({5, 1, 2, 3, 4, 6});
  problem.centers.clear();
  problem.neighbors.clear();
  EXPECT_EQ(problem.run().rows(), 0U);
}

TEST(gather_rows, copies_in_the_given_order) {
  const Matrix x = random_matrix(4, 3, 1);
  const std::vector<std::uint32_t> indices{3, 1, 3};
  const Matrix rows = gather_rows(x, indices);
  EXPECT_TRUE(same_bytes(rows, permuted(x, {3, 1, 3})));
}

}  // namespace
}  // namespace ptattn::test
