#include "ptattn/nn/int8_linear.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/int8_grouping.hpp"
#include "ptattn/nn/kernels/int8_quantize.hpp"

namespace ptattn::test {
namespace {

constexpr std::array<std::size_t, 10> kWidths{1, 3, 8, 15, 16, 17, 33, 36, 64, 75};

/// The definition; the CPU rounds to the nearest, halves to even, as nearbyint does.
int stepped(float x, float inverse, std::int32_t zero) {
  const int step = static_cast<int>(std::nearbyint(std::min(x * inverse, 127.0F))) + zero;
  return std::clamp(step, 0, 127);
}

void expect_rows(MatrixView x, const MutableByteRowsView& bytes, std::size_t begin) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    float low = 0.0F;
    float high = 0.0F;
    for (std::size_t k = 0; k < x.cols; ++k) {
      low = std::min(low, x(i, k));
      high = std::max(high, x(i, k));
    }
    const float inverse = high > low ? 127.0F / (high - low) : 0.0F;
    const auto zero = static_cast<std::int32_t>(std::nearbyint(-low * inverse));
    EXPECT_EQ(bytes.scale[begin + i], (high - low) / 127.0F);
    EXPECT_EQ(bytes.zero[begin + i], zero);
    for (std::size_t k = 0; k < x.cols; ++k) {
      EXPECT_EQ(bytes.row(begin + i)[k], stepped(x(i, k), inverse, zero)) << i << ", " << k;
      const float back = bytes.scale[begin + i] *
                         static_cast<float>(int{bytes.row(begin + i)[k]} - bytes.zero[begin + i]);
      EXPECT_NEAR(back, x(i, k), 1.001F * bytes.scale[begin + i]);
    }
  }
}

TEST(quantize_rows, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t width : kWidths) {
      Embedded x(5, width, 3, 1);
      fill(x.view(), width, 3.0);
      for (std::size_t k = 0; k < width; ++k) {
        x.view()(1, k) = std::abs(x.view()(1, k));  // as a rectifier leaves it
        x.view()(2, k) = -std::abs(x.view()(2, k));
        x.view()(3, k) = 0.0F;
      }
      ScratchMemory scratch;
      const MutableByteRowsView bytes = byte_rows(7, width, scratch);
      quantize_rows(x.view(), 2, bytes);
      expect_rows(x.view(), bytes, 2);
      EXPECT_EQ(bytes.zero[3], 0) << "no negative value, no zero point";
      EXPECT_EQ(*std::max_element(bytes.row(3), bytes.row(3) + width), 127);
    }
  });
}

TEST(quantize_rows, ranges_whose_quotient_is_infinite_become_zeros) {
  for_each_target([] {
    Matrix x(2, 40);
    std::ranges::fill(x.values(), 0.0F);
    x(0, 3) = 1e-39F;
    x(1, 7) = -1e-39F;
    ScratchMemory scratch;
    const MutableByteRowsView bytes = byte_rows(2, 40, scratch);
    quantize_rows(x, 0, bytes);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(bytes.zero[i], 0);
      for (std::size_t k = 0; k < 40; ++k) EXPECT_EQ(bytes.row(i)[k], 0);
    }
  });
}

TEST(gather_quantize, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    const std::vector<std::uint32_t> indices{4, 0, 4, 2};
    for (const std::size_t width : kWidths) {
      Embedded x(5, width, 3, 1);
      fill(x.view(), width);
      const Matrix center = random_matrix(1, width, 9);
      ScratchMemory scratch;
      const MutableByteRowsView bytes = byte_rows(6, width, scratch);
      bytes.row(4)[0] = 77;
      gather_quantize(x.view(), indices, center.data(), bytes);
      float largest = 0.0F;
      for (const std::uint32_t i : indices) {
        for (std::size_t k = 0; k < width; ++k) {
          largest = std::max(largest, x.view()(i, k) + center(0, k));
        }
      }
      const float inverse = largest > 0.0F ? 127.0F / largest : 0.0F;
      for (std::size_t r = 0; r < indices.size(); ++r) {
        EXPECT_EQ(bytes.scale[r], largest / 127.0F);
        EXPECT_EQ(bytes.zero[r], 0);
        for (std::size_t k = 0; k < width; ++k) {
          const float sum = std::max(x.view()(indices[r], k) + center(0, k), 0.0F);
          EXPECT_EQ(bytes.row(r)[k], stepped(sum, inverse, 0)) << r << ", " << k;
        }
      }
      EXPECT_EQ(bytes.row(4)[0], 77);
    }
  });
}

/// Relative to the largest value expected, so many in a thousand.
double per_mille(MatrixView actual, MatrixView expected) {
  double largest = 0.0;
  for (std::size_t i = 0; i < expected.rows; ++i) {
    for (std::size_t j = 0; j < expected.cols; ++j) {
      largest = std::max(largest, std::abs(double{expected(i, j)}));
    }
  }
  return 1000.0 * distance(actual, expected) / largest;
}

TEST(int8_linear, is_close_to_the_float32_layer) {
  const Linear layer(random_dense(200, 70, 1));
  const Int8Linear quantised(layer);
  const Matrix x = random_matrix(150, 200, 3, 5.0);
  const Matrix residual = random_matrix(150, 70, 4);
  const Matrix expected = linear(layer, x, Activation::kLeakyRelu, residual);
  ScratchMemory scratch;
  const ByteRowsView bytes = quantized(x, scratch);
  const Matrix actual = linear(quantised, bytes, Activation::kLeakyRelu, residual);
  EXPECT_LT(per_mille(actual, expected), 12.0);
  EXPECT_GT(per_mille(actual, expected), 0.1) << "this is not the 8-bit layer";

  Matrix largest(1, 70);
  linear_max(quantised, bytes, Activation::kLeakyRelu, largest);
  const Matrix rows = linear(quantised, bytes, Activation::kLeakyRelu);
  for (std::size_t j = 0; j < 70; ++j) {
    float most = rows(0, j);
    for (std::size_t i = 1; i < 150; ++i) most = std::max(most, rows(i, j));
    EXPECT_FLOAT_EQ(largest(0, j), most);
  }
}

TEST(int8_linear, thread_count_changes_no_bit) {
  const Int8Linear layer(Linear(random_dense(100, 300, 1)));
  const Matrix x = random_matrix(500, 100, 3);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    ScratchMemory scratch;
    return linear(layer, quantized(x, scratch), Activation::kRelu);
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(int8_linear, packed_result_is_the_result) {
  const Int8Linear layer(Linear(random_dense(40, 70, 1)));
  ScratchMemory scratch;
  const ByteRowsView x = quantized(random_matrix(9, 40, 3), scratch);
  EXPECT_TRUE(
      same_packed(linear_packed(layer, x, scratch), PackedMatrix::from_rows(linear(layer, x))));
}

TEST(int8_linear, refuses_what_does_not_fit) {
  const Int8Linear layer(Linear(random_dense(40, 5, 1)));
  ScratchMemory scratch;
  const ByteRowsView narrow = byte_rows(3, 20, scratch);
  const ByteRowsView fitting = byte_rows(3, 40, scratch);
  Matrix small(2, 5);
  EXPECT_THROW((void)linear(layer, narrow), Error);
  Matrix one(1, 5);
  EXPECT_THROW(linear_max(layer, narrow, Activation::kRelu, one), Error);
  EXPECT_THROW(linear_max(layer, byte_rows(0, 40, scratch), Activation::kRelu, one), Error);
  EXPECT_THROW(linear_max(layer, fitting, Activation::kGelu, one), Error);
  EXPECT_THROW(linear_max(layer, fitting, Activation::kRelu, small), Error);
  EXPECT_THROW(linear(layer, fitting, Activation::kNone, {}, small), Error);
  EXPECT_THROW((void)linear(layer, fitting, Activation::kNone, small), Error);
}

TEST(int8_grouping, is_close_to_the_float32_embedding) {
  const GroupingWeights weights(random_dense(2 * 20, 50, 1), random_dense(50, 45, 2));
  const Int8GroupingWeights quantised(weights);
  const Matrix features = random_matrix(30, 20, 3);
  std::vector<std::uint32_t> centers;
  std::vector<std::uint32_t> neighbors;
  for (std::uint32_t i = 0; i < 25; ++i) {
    centers.push_back((7 * i + 2) % 30);
    for (std::uint32_t j = 0; j < 6; ++j) neighbors.push_back((5 * i + 11 * j) % 30);
  }
  Matrix expected(25, 45);
  embed_neighborhoods(weights, features, centers, neighbors, expected);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    ScratchMemory scratch;
    Matrix out(25, 45);
    embed_neighborhoods(quantised, quantized(features, scratch), centers, neighbors, out);
    return out;
  };
  const Matrix actual = with_threads(1);
  EXPECT_LT(per_mille(actual, expected), 15.0);
  EXPECT_GT(per_mille(actual, expected), 0.1) << "this is not the 8-bit embedding";
  EXPECT_TRUE(same_bytes(actual, with_threads(8)));
  ScratchMemory scratch;
  Matrix none(0, 45);
  EXPECT_NO_THROW(embed_neighborhoods(quantised, quantized(features, scratch), {}, {}, none));
  EXPECT_THROW(
      embed_neighborhoods(quantised, quantized(features, scratch), centers, neighbors, none),
      Error);
}

}  // namespace
}  // namespace ptattn::test
