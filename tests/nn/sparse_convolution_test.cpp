#include "ptattn/nn/sparse_convolution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/int8_quantize.hpp"
#include "ptattn/nn/kernels/rows.hpp"

namespace ptattn::test {
namespace {

using Cell = std::array<int, 3>;

/// `n` different voxels of a cube of `side` voxels.
std::vector<Cell> random_voxels(std::size_t n, std::uint64_t side, std::uint64_t seed) {
  Random random(seed);
  std::map<Cell, bool> seen;
  std::vector<Cell> cells;
  while (cells.size() < n) {
    const Cell cell{static_cast<int>(random.below(side)), static_cast<int>(random.below(side)),
                    static_cast<int>(random.below(side))};
    if (seen.emplace(cell, true).second) cells.push_back(cell);
  }
  return cells;
}

FindNeighbors neighbors_among(const std::vector<Cell>& cells, int radius) {
  std::map<Cell, std::uint32_t> rows;
  for (std::uint32_t i = 0; i < cells.size(); ++i) rows[cells[i]] = i;
  return [cells, rows, radius](std::size_t begin, std::size_t end, std::span<std::uint32_t> out) {
    std::size_t place = 0;
    for (std::size_t row = begin; row < end; ++row) {
      const auto [x, y, z] = cells[row];
      for (int dx = -radius; dx <= radius; ++dx) {
        for (int dy = -radius; dy <= radius; ++dy) {
          for (int dz = -radius; dz <= radius; ++dz) {
            const auto found = rows.find({x + dx, y + dy, z + dz});
            out[place++] = found == rows.end() ? kNoIndex : found->second;
          }
        }
      }
    }
  };
}

/// The definition, in float64.
Matrix scalar_convolution(const DenseWeights& dense, std::size_t volume,
                          const FindNeighbors& neighbors, MatrixView x) {
  Matrix out(x.rows, dense.weight.rows());
  std::vector<std::uint32_t> found(volume);
  for (std::size_t p = 0; p < x.rows; ++p) {
    neighbors(p, p + 1, found);
    for (std::size_t o = 0; o < out.cols(); ++o) {
      double sum = dense.bias.empty() ? 0.0 : double{dense.bias[o]};
      for (std::size_t k = 0; k < volume; ++k) {
        if (found[k] == kNoIndex) continue;
        for (std::size_t i = 0; i < x.cols; ++i) {
          sum += double{dense.weight(o, k * x.cols + i)} * x(found[k], i);
        }
      }
      out(p, o) = static_cast<float>(sum);
    }
  }
  return out;
}

Matrix convolve(const SparseConvolution& layer, const KernelMap& map, MatrixView x) {
  Matrix out(x.rows, layer.slices.front().cols());
  sparse_convolution(layer, map, x, out);
  return out;
}

/// Among the rows of x, with as many places as the layer has slices.
Matrix convolve(const SparseConvolution& layer, const FindNeighbors& neighbors, MatrixView x) {
  ScratchMemory scratch;
  return convolve(layer, KernelMap(x.rows, layer.slices.size(), neighbors, scratch), x);
}

TEST(sparse_convolution, by_hand) {
  // Two voxels, the second one step along z: places 13 (middle), 14 (z + 1) and 12 (z - 1).
  const FindNeighbors neighbors = neighbors_among({{0, 0, 0}, {0, 0, 1}}, 1);
  DenseWeights dense{Matrix(1, 27), {0.5F}};
  for (std::size_t k = 0; k < 27; ++k) dense.weight(0, k) = static_cast<float>(k);
  Matrix x(2, 1);
  x(0, 0) = 1.0F;
  x(1, 0) = 10.0F;
  const Matrix out = convolve({dense, 27}, neighbors, x);
  EXPECT_EQ(out(0, 0), 0.5F + 13.0F * 1.0F + 14.0F * 10.0F);
  EXPECT_EQ(out(1, 0), 0.5F + 13.0F * 10.0F + 12.0F * 1.0F);
}

TEST(sparse_convolution, agrees_with_its_definition_on_every_cpu_level) {
  for (const auto& [n, in, out] :
       {std::tuple{1, 3, 5}, {40, 7, 33}, {300, 16, 16}, {700, 5, 150}}) {
    const auto cells = random_voxels(static_cast<std::size_t>(n), 10, 1);
    const FindNeighbors neighbors = neighbors_among(cells, 1);
    const Matrix x = random_matrix(cells.size(), static_cast<std::size_t>(in), 2);
    const DenseWeights dense = random_dense(27 * x.cols(), static_cast<std::size_t>(out), 3);
    const Matrix expected = scalar_convolution(dense, 27, neighbors, x);
    const double bound = 1e-5 * in;
    for_each_target([&] {
      EXPECT_LT(distance(convolve({dense, 27}, neighbors, x), expected), bound);
    });
  }
}

TEST(sparse_convolution, in_bf16_is_that_of_rounded_numbers) {
  const auto cells = random_voxels(300, 10, 1);
  const FindNeighbors neighbors = neighbors_among(cells, 1);
  for (const std::size_t in : {7, 16}) {
    Matrix x = random_matrix(cells.size(), in, 2);
    DenseWeights dense = random_dense(27 * in, 40, 3);
    SparseConvolution layer(dense, 27);
    layer.round_to_bf16();
    for (float& value : x.values()) value = round_to_bf16(value);
    for (float& value : dense.weight.values()) value = round_to_bf16(value);
    const Matrix expected = scalar_convolution(dense, 27, neighbors, x);
    for_each_target(
        [&] { EXPECT_LT(distance(convolve(layer, neighbors, x), expected), 1e-5 * in); });
  }
}

/// Weights as 8 bits have them.
DenseWeights through_8_bits(const DenseWeights& dense, std::size_t volume) {
  DenseWeights result{clone(dense.weight), dense.bias};
  const std::size_t in = dense.weight.cols() / volume;
  for (std::size_t k = 0; k < volume; ++k) {
    const Int8Matrix slice(
        PackedMatrix::from_transposed(dense.weight.view().cols_range(k * in, in)));
    for (std::size_t j = 0; j < result.weight.rows(); ++j) {
      for (std::size_t i = 0; i < in; ++i) {
        result.weight(j, k * in + i) = slice.scales()[j] * static_cast<float>(slice.value(i, j));
      }
    }
  }
  return result;
}

/// Rows as 7 bits have them.
Matrix through_7_bits(MatrixView x) {
  ScratchMemory scratch;
  const MutableByteRowsView rows = byte_rows(x.rows, x.cols, scratch);
  quantize_rows(x, 0, rows);
  Matrix result(x.rows, x.cols);
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t j = 0; j < x.cols; ++j) {
      result(i, j) = rows.scale[i] * static_cast<float>(rows.row(i)[j] - rows.zero[i]);
    }
  }
  return result;
}

TEST(sparse_convolution, in_8_bits_is_that_of_quantised_numbers) {
  const auto cells = random_voxels(900, 14, 1);
  const FindNeighbors neighbors = neighbors_among(cells, 1);
  for (const std::size_t in : {7, 36, 64}) {
    const Matrix x = random_matrix(cells.size(), in, 2);
    const DenseWeights dense = random_dense(27 * in, 70, 3);
    SparseConvolution layer(dense, 27);
    layer.quantize();
    const Matrix expected =
        scalar_convolution(through_8_bits(dense, 27), 27, neighbors, through_7_bits(x));
    for_each_target(
        [&] { EXPECT_LT(distance(convolve(layer, neighbors, x), expected), 1e-5 * in); });
    const auto with_threads = [&](int threads) {
      const ThreadLimit limit(threads);
      return convolve(layer, neighbors, x);
    };
    EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
  }
}

TEST(window_convolution, refuses_weights_in_8_bits) {
  const auto cells = random_voxels(20, 10, 1);
  Linear window(random_dense(125 * 4, 20, 3));
  window.quantize();
  Matrix out(cells.size(), 20);
  EXPECT_THROW(window_convolution(window, neighbors_among(cells, 2), Matrix(cells.size(), 4),
                                  Activation::kNone, out),
               Error);
}

TEST(window_convolution, in_bf16_is_the_sparse_one) {
  const auto cells = random_voxels(400, 10, 1);
  const FindNeighbors neighbors = neighbors_among(cells, 2);
  const Matrix x = random_matrix(cells.size(), 4, 2);
  const DenseWeights dense = random_dense(125 * 4, 20, 3);
  SparseConvolution sparse(dense, 125);
  sparse.round_to_bf16();
  Linear window(clone(dense));
  window.round_to_bf16();
  Matrix out(cells.size(), 20);
  window_convolution(window, neighbors, x, Activation::kNone, out);
  EXPECT_LT(distance(out, convolve(sparse, neighbors, x)), 1e-5);
  Linear odd(random_dense(125 * 3, 20, 3));
  odd.round_to_bf16();
  EXPECT_THROW(window_convolution(odd, neighbors, Matrix(cells.size(), 3), Activation::kNone, out),
               Error);
}

TEST(sparse_convolution, a_kernel_of_one_place_is_a_linear_layer) {
  const Matrix x = random_matrix(300, 6, 1);
  const DenseWeights dense = random_dense(6, 9, 2);
  const auto nobody = [](std::size_t, std::size_t, std::span<std::uint32_t> out) {
    std::ranges::fill(out, kNoIndex);
  };
  EXPECT_TRUE(same_bytes(convolve({dense, 1}, nobody, x), linear(Linear(clone(dense)), x)));
}

TEST(sparse_convolution, permuting_the_voxels_permutes_the_rows) {
  const auto cells = random_voxels(500, 12, 1);
  std::vector<std::size_t> order(cells.size());
  std::vector<Cell> shuffled(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    order[i] = i * 7 % cells.size();
    shuffled[i] = cells[order[i]];
  }
  const Matrix x = random_matrix(cells.size(), 8, 2);
  const SparseConvolution layer(random_dense(27 * 8, 12, 3), 27);
  const Matrix out = convolve(layer, neighbors_among(cells, 1), x);
  const Matrix out_shuffled = convolve(layer, neighbors_among(shuffled, 1), permuted(x, order));
  EXPECT_TRUE(same_bytes(out_shuffled, permuted(out, order)));
}

TEST(sparse_convolution, same_bytes_for_any_thread_count) {
  const auto cells = random_voxels(2000, 16, 1);
  const Matrix x = random_matrix(cells.size(), 8, 2);
  const SparseConvolution layer(random_dense(27 * 8, 260, 3), 27);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return convolve(layer, neighbors_among(cells, 1), x);
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(sparse_convolution, refuses_shapes_that_do_not_fit) {
  ScratchMemory scratch;
  const KernelMap map(2, 27, neighbors_among({{0, 0, 0}, {0, 0, 1}}, 1), scratch);
  const SparseConvolution layer(random_dense(27 * 4, 3, 1), 27);
  const auto refused = [&](const SparseConvolution& l, MatrixView x, MutableMatrixView out) {
    EXPECT_THROW(sparse_convolution(l, map, x, out), Error);
  };
  Matrix x(2, 4);
  Matrix out(2, 3);
  refused(SparseConvolution(random_dense(8 * 4, 3, 1), 8), x, out);
  refused(layer, Matrix(3, 4), out);
  refused(layer, Matrix(2, 5), out);
  Matrix narrow(2, 2);
  refused(layer, x, narrow);
}

TEST(window_convolution, agrees_with_the_sparse_one) {
  const auto cells = random_voxels(400, 10, 1);
  const FindNeighbors neighbors = neighbors_among(cells, 2);
  const Matrix x = random_matrix(cells.size(), 3, 2);
  const DenseWeights dense = random_dense(125 * 3, 20, 3);
  const Matrix expected = convolve({dense, 125}, neighbors, x);
  Matrix out(cells.size(), 20);
  window_convolution(Linear(clone(dense)), neighbors, x, Activation::kNone, out);
  EXPECT_LT(distance(out, expected), 1e-5);
  EXPECT_THROW(window_convolution(Linear(clone(dense)), neighbors, Matrix(cells.size(), 4),
                                  Activation::kNone, out),
               Error);
}

TEST(window_convolution, a_row_does_not_depend_on_those_beside_it) {
  // Voxels of a plane, then the same among others: blocks with and without absent places.
  std::vector<Cell> plane;
  for (int i = 0; i < 150; ++i) plane.push_back({i % 15, i / 15, 20});
  std::vector<Cell> more = plane;
  for (const Cell& cell : random_voxels(200, 12, 1)) more.push_back(cell);
  const Matrix x = random_matrix(more.size(), 3, 2);
  const Linear layer(random_dense(125 * 3, 20, 3));
  const auto convolve_windows = [&](const std::vector<Cell>& cells, int threads) {
    const ThreadLimit limit(threads);
    Matrix out(cells.size(), 20);
    window_convolution(layer, neighbors_among(cells, 2), x.view().rows_range(0, cells.size()),
                       Activation::kGelu, out);
    return out;
  };
  const Matrix out = convolve_windows(more, 8);
  EXPECT_TRUE(same_bytes(out, convolve_windows(more, 1)));
  EXPECT_TRUE(same_bytes(out.view().rows_range(0, 150), convolve_windows(plane, 1)));
}

TEST(packed_matrix, gives_some_of_its_rows) {
  const Matrix b = random_matrix(12, 40, 1);
  ScratchMemory scratch;
  const PackedMatrixView some = packed_rows(PackedMatrix::from_rows(b), 3, 6, scratch);
  const PackedMatrix expected = PackedMatrix::from_rows(b.view().rows_range(3, 6));
  ASSERT_EQ(some.rows, 6U);
  ASSERT_EQ(some.cols, 40U);
  for (std::size_t p = 0; p < expected.panels(); ++p) {
    EXPECT_TRUE(
        std::equal(expected.panel(p), expected.panel(p) + 6 * PackedMatrix::kPanel, some.panel(p)));
  }
}

TEST(kernel_map, lists_no_middle_and_nothing_that_is_not_there) {
  ScratchMemory scratch;
  const KernelMap map(2, 27, neighbors_among({{0, 0, 0}, {0, 0, 1}}, 1), scratch);
  ASSERT_EQ(map.block_count(), 1U);
  for (std::size_t k = 0; k < 27; ++k) {
    const KernelMap::Pairs pairs = map.pairs(0, k);
    ASSERT_EQ(pairs.inputs.size(), k == 12 || k == 14 ? 1U : 0U) << k;
  }
  EXPECT_EQ(map.pairs(0, 12).inputs[0], 0U);
  EXPECT_EQ(map.pairs(0, 12).outputs[0], 1U);
  EXPECT_EQ(KernelMap(0, 27, {}, scratch).block_count(), 0U);
}

TEST(rows, kernels_agree_with_loops_on_every_cpu_level) {
  for (const std::size_t cols : {1U, 15U, 16U, 28U, 37U}) {
    for_each_target([&] {
      const Matrix start = random_matrix(5, cols, 1);
      Embedded target(3, cols, 3, 1);
      const std::vector<std::uint32_t> rows = {4, 0, 4};
      copy_rows(start, rows, target.view());
      Matrix expected(3, cols);
      for (std::size_t r = 0; r < 3; ++r) {
        for (std::size_t j = 0; j < cols; ++j) expected(r, j) = start(rows[r], j);
      }
      EXPECT_TRUE(same_bytes(target.view(), expected));
      const Matrix x = random_matrix(3, cols, 2);
      add_matrices(target.view(), x, target.view());
      for (std::size_t i = 0; i < expected.size(); ++i) expected.data()[i] += x.data()[i];
      EXPECT_TRUE(same_bytes(target.view(), expected));
      EXPECT_TRUE(target.surroundings_intact());
    });
  }
}

}  // namespace
}  // namespace ptattn::test
