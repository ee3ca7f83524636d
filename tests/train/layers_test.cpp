// Layers that learn: what they compute and their derivatives, beside plain definitions in float64
// and central differences of these, on every CPU level.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <vector>

#include <gmock/gmock.h>

#include "each_target.hpp"
#include "ptattn/core/clone.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"
#include "ptattn/train/layers/convolution_layer.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/norm_layers.hpp"
#include "ptattn/train/layers/row_passes.hpp"
#include "ptattn/train/layers/segment_pooling.hpp"
#include "ptattn/train/layers/stochastic_depth.hpp"
#include "slopes.hpp"
#include "training_scene.hpp"

namespace ptattn::test {
namespace {

using train::LayerScope;
using train::ParameterSet;

double gelu(double x) {
  return 0.5 * x * (1.0 + std::erf(x / std::numbers::sqrt2));
}

/// x [n, in], weight [out, in], bias [out]
Values plain_dense(const Values& x, const Values& weight, const Values& bias, std::size_t in) {
  const std::size_t out = bias.size();
  Values y;
  for (std::size_t i = 0; i < x.size() / in; ++i) {
    for (std::size_t o = 0; o < out; ++o) {
      double sum = bias[o];
      for (std::size_t j = 0; j < in; ++j) sum += x[i * in + j] * weight[o * in + j];
      y.push_back(sum);
    }
  }
  return y;
}

void expect_dense(std::size_t n, std::size_t in, std::size_t out) {
  SCOPED_TRACE(testing::Message() << n << " rows, " << in << " to " << out);
  ParameterSet set;
  train::DenseLayer layer(set, {"layer"}, in, out);
  randomize(set, 3);
  const auto& parameters = set.parameters();
  ScratchMemory scratch;
  layer.pack(scratch);
  const Matrix x = random_matrix(n, in, 1);
  const Matrix d_y = random_matrix(n, out, 2);
  Matrix y(n, out);
  Matrix d_x(n, in);
  forward_rows(layer, x, y);
  backward_rows(layer, x, d_y, d_x);
  const PlainLayer plain = [&](const std::vector<Values>& v) {
    return plain_dense(v[0], v[1], v[2], in);
  };
  const std::vector<Values> inputs{values_of(x), values_of(parameters[0].value),
                                   values_of(parameters[1].value)};
  const Values weights = values_of(d_y);
  expect_values(y.view(), plain(inputs), "y");
  expect_values(d_x.view(), slopes(plain, inputs, 0, weights), "d x");
  expect_values(parameters[0].gradient, slopes(plain, inputs, 1, weights), "d weight");
  expect_values(parameters[1].gradient, slopes(plain, inputs, 2, weights), "d bias");
}

TEST(dense_layer, derivatives_are_slopes) {
  for_each_target([] {
    expect_dense(1, 1, 1);
    expect_dense(5, 3, 7);
    expect_dense(9, 33, 5);
    expect_dense(3, 16, 47);
  });
}

TEST(dense_layer, sums_of_many_rows_are_those_of_float64) {
  ParameterSet set;
  train::DenseLayer layer(set, {"layer"}, 33, 18);
  randomize(set, 3);
  ScratchMemory scratch;
  layer.pack(scratch);
  const Matrix x = random_matrix(5000, 33, 1);
  const Matrix d_y = random_matrix(5000, 18, 2);
  backward_rows(layer, x, d_y, {});
  Values expected(18 * 33, 0.0);
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t o = 0; o < 18; ++o) {
      for (std::size_t j = 0; j < 33; ++j) expected[o * 33 + j] += double{d_y(i, o)} * x(i, j);
    }
  }
  expect_values(set.parameters()[0].gradient, expected, "d weight", 1e-6);
}

Values plain_layer_norm(const std::vector<Values>& v) {
  const std::size_t c = v[1].size();
  Values y;
  for (std::size_t i = 0; i < v[0].size(); i += c) {
    double mean = 0.0;
    double variance = 0.0;
    for (std::size_t j = 0; j < c; ++j) mean += v[0][i + j] / static_cast<double>(c);
    for (std::size_t j = 0; j < c; ++j) {
      variance += std::pow(v[0][i + j] - mean, 2.0) / static_cast<double>(c);
    }
    for (std::size_t j = 0; j < c; ++j) {
      y.push_back(v[1][j] * (v[0][i + j] - mean) / std::sqrt(variance + 1e-5) + v[2][j]);
    }
  }
  return y;
}

TEST(layer_norm_layer, derivatives_are_slopes) {
  for_each_target([] {
    for (const std::size_t c : {2, 5, 16, 37}) {
      SCOPED_TRACE(c);
      ParameterSet set;
      const train::LayerNormLayer layer(set, {"norm"}, c);
      randomize(set, 4);
      const auto& parameters = set.parameters();
      const Matrix x = random_matrix(6, c, 1);
      const Matrix d_y = random_matrix(6, c, 2);
      const Matrix before = random_matrix(6, c, 3);
      Matrix y(6, c);
      Matrix d_x = clone(before);
      layer.forward(x, y);
      ScratchMemory scratch;
      const train::GradientSums sums(layer.first_parameter(), layer.last_parameter(), 1, scratch);
      layer.backward(x, d_y, sums.chunk(0), d_x);
      sums.add_up();
      const std::vector<Values> inputs{values_of(x), values_of(parameters[0].value),
                                       values_of(parameters[1].value)};
      const Values weights = values_of(d_y);
      expect_values(y.view(), plain_layer_norm(inputs), "y");
      Values expected = slopes(plain_layer_norm, inputs, 0, weights);
      for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += before.data()[i];
      expect_values(d_x.view(), expected, "d x");
      expect_values(parameters[0].gradient, slopes(plain_layer_norm, inputs, 1, weights),
                    "d gamma");
      expect_values(parameters[1].gradient, slopes(plain_layer_norm, inputs, 2, weights), "d beta");
    }
  });
}

/// GELU(gamma (x - mean) / sqrt(variance + eps) + beta); empty statistics: those of x.
Values plain_batch_norm(const std::vector<Values>& v, const Values& mean, const Values& variance) {
  const std::size_t c = v[1].size();
  const std::size_t n = v[0].size() / c;
  Values y(v[0].size());
  for (std::size_t j = 0; j < c; ++j) {
    double m = 0.0;
    double s = 0.0;
    for (std::size_t i = 0; i < n; ++i) m += v[0][i * c + j] / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) {
      s += std::pow(v[0][i * c + j] - m, 2.0) / static_cast<double>(n);
    }
    if (!mean.empty()) {
      m = mean[j];
      s = variance[j];
    }
    for (std::size_t i = 0; i < n; ++i) {
      y[i * c + j] = gelu(v[1][j] * (v[0][i * c + j] - m) / std::sqrt(s + 1e-3) + v[2][j]);
    }
  }
  return y;
}

void expect_batch_norm(train::NormStatistics statistics) {
  constexpr std::size_t kRows = 11;
  constexpr std::size_t kChannels = 19;
  ParameterSet set;
  const train::BatchNormLayer layer(
      set, {"norm"}, kChannels, {.eps = 1e-3, .momentum = 0.25, .activation = Activation::kGelu});
  randomize(set, 4);
  const auto& parameters = set.parameters();
  for (float& x : set.buffer_values()) x += 0.5F;  // mean 0.5, variance 1.5
  const Matrix x = random_matrix(kRows, kChannels, 1);
  const Matrix d_y = random_matrix(kRows, kChannels, 2);
  Matrix y(kRows, kChannels);
  Matrix d = clone(d_y);
  ScratchMemory scratch;
  const train::BatchNormRecord record = layer.forward(x, statistics, y, scratch);
  layer.backward(record, d);
  const bool of_step = statistics == train::NormStatistics::kOfStep;
  const PlainLayer plain = [&](const std::vector<Values>& v) {
    return of_step ? plain_batch_norm(v, {}, {})
                   : plain_batch_norm(v, Values(kChannels, 0.5), Values(kChannels, 1.5));
  };
  const std::vector<Values> inputs{values_of(x), values_of(parameters[0].value),
                                   values_of(parameters[1].value)};
  const Values weights = values_of(d_y);
  expect_values(y.view(), plain(inputs), "y");
  expect_values(d.view(), slopes(plain, inputs, 0, weights), "d x");
  expect_values(parameters[0].gradient, slopes(plain, inputs, 1, weights), "d gamma");
  expect_values(parameters[1].gradient, slopes(plain, inputs, 2, weights), "d beta");
  double mean = 0.0;
  for (std::size_t i = 0; i < kRows; ++i) mean += double{x(i, 0)} / kRows;
  double variance = 0.0;
  for (std::size_t i = 0; i < kRows; ++i) variance += std::pow(x(i, 0) - mean, 2.0) / (kRows - 1);
  EXPECT_NEAR(set.buffers()[0].value[0], of_step ? 0.75 * 0.5 + 0.25 * mean : 0.5, 1e-5);
  EXPECT_NEAR(set.buffers()[1].value[0], of_step ? 0.75 * 1.5 + 0.25 * variance : 1.5, 1e-5);
}

TEST(batch_norm_layer, derivatives_are_slopes_with_statistics_of_the_step) {
  for_each_target([] { expect_batch_norm(train::NormStatistics::kOfStep); });
}

TEST(batch_norm_layer, derivatives_are_slopes_with_running_statistics) {
  for_each_target([] { expect_batch_norm(train::NormStatistics::kRunning); });
}

TEST(activations, derivatives_are_slopes) {
  const std::map<Activation, std::function<double(double)>> kPlain = {
      {Activation::kRelu, [](double x) { return std::max(x, 0.0); }},
      {Activation::kLeakyRelu, [](double x) { return x > 0.0 ? x : 0.2 * x; }},
      {Activation::kGelu, gelu},
      {Activation::kNone, [](double x) { return x; }}};
  Matrix x(3, 701);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<float>(0.01 * static_cast<double>(i) - 10.493);
  }
  for_each_target([&] {
    for (const auto& [activation, plain] : kPlain) {
      Matrix d(3, 701);
      std::ranges::fill(d.values(), 1.0F);
      train::multiply_by_derivative(activation, x, d);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double at = x.data()[i];
        EXPECT_NEAR(d.data()[i], (plain(at + 1e-6) - plain(at - 1e-6)) / 2e-6, 3e-6) << at;
      }
    }
  });
}

/// The neighbours of a few voxels, as the kernel map wants them and as a list.
struct Voxels {
  std::vector<std::array<int, 3>> cells;
  std::size_t size;

  [[nodiscard]] std::uint32_t neighbor(std::size_t row, std::size_t k) const {
    const int reach = static_cast<int>(size / 2);
    const std::array<int, 3> offset{static_cast<int>(k / (size * size)) - reach,
                                    static_cast<int>(k / size % size) - reach,
                                    static_cast<int>(k % size) - reach};
    for (std::size_t j = 0; j < cells.size(); ++j) {
      bool same = true;
      for (std::size_t a = 0; a < 3; ++a) {
        same = same && cells[j][a] == cells[row][a] + offset[a];
      }
      if (same) return static_cast<std::uint32_t>(j);
    }
    return kNoIndex;
  }
};

/// x [n, in], weight [out, volume in], bias [out]
Values plain_convolution(const Voxels& voxels, const std::vector<Values>& v, std::size_t in) {
  const std::size_t out = v[2].size();
  const std::size_t volume = voxels.size * voxels.size * voxels.size;
  Values y;
  for (std::size_t i = 0; i < voxels.cells.size(); ++i) {
    for (std::size_t o = 0; o < out; ++o) {
      double sum = v[2][o];
      for (std::size_t k = 0; k < volume; ++k) {
        const std::uint32_t j = voxels.neighbor(i, k);
        if (j == kNoIndex) continue;
        for (std::size_t c = 0; c < in; ++c) {
          sum += v[0][j * in + c] * v[1][(o * volume + k) * in + c];
        }
      }
      y.push_back(sum);
    }
  }
  return y;
}

void expect_convolution(std::size_t in, std::size_t out, std::size_t size) {
  SCOPED_TRACE(testing::Message() << in << " to " << out << ", size " << size);
  Voxels voxels{{{0, 0, 0}, {0, 0, 1}, {0, 1, 1}, {1, 1, 1}, {2, 1, 1}, {9, 9, 9}, {2, 2, 2}},
                size};
  const std::size_t n = voxels.cells.size();
  const std::size_t volume = size * size * size;
  ParameterSet set;
  train::ConvolutionLayer layer(set, {"conv"}, {.in = in, .out = out, .size = size, .bias = true});
  randomize(set, 5);
  const auto& parameters = set.parameters();
  ScratchMemory scratch;
  layer.pack(scratch);
  const KernelMap map(
      n, volume,
      [&](std::size_t begin, std::size_t end, std::span<std::uint32_t> found) {
        for (std::size_t i = begin; i < end; ++i) {
          for (std::size_t k = 0; k < volume; ++k) {
            found[(i - begin) * volume + k] = voxels.neighbor(i, k);
          }
        }
      },
      scratch);
  const Matrix x = random_matrix(n, in, 1);
  const Matrix d_y = random_matrix(n, out, 2);
  Matrix y(n, out);
  Matrix d_x(n, in);
  layer.forward(map, x, y);
  layer.backward_weight(map, x, d_y);
  layer.backward_input(map, d_y, d_x);
  const PlainLayer plain = [&](const std::vector<Values>& v) {
    return plain_convolution(voxels, v, in);
  };
  const std::vector<Values> inputs{values_of(x), values_of(parameters[0].value),
                                   values_of(parameters[1].value)};
  const Values weights = values_of(d_y);
  expect_values(y.view(), plain(inputs), "y");
  expect_values(d_x.view(), slopes(plain, inputs, 0, weights), "d x");
  expect_values(parameters[0].gradient, slopes(plain, inputs, 1, weights), "d weight");
  expect_values(parameters[1].gradient, slopes(plain, inputs, 2, weights), "d bias");
}

TEST(convolution_layer, derivatives_are_slopes) {
  for_each_target([] {
    expect_convolution(3, 2, 3);
    expect_convolution(1, 2, 5);
    expect_convolution(2, 17, 3);
  });
}

/// More than half a megabyte of rows: offsets are taken together and blocks in chunks.
TEST(convolution_layer, sums_of_many_rows_are_those_of_float64) {
  constexpr std::size_t kRows = 6000;
  constexpr std::size_t kVolume = 27;
  constexpr std::size_t kIn = 20;
  constexpr std::size_t kOut = 30;
  ParameterSet set;
  train::ConvolutionLayer layer(set, {"layer"}, {.in = kIn, .out = kOut, .size = 3, .bias = false});
  set.allocate();
  // Rows whose numbers are 5 (k - 13) apart are neighbours.
  const auto neighbor = [](std::size_t i, std::size_t k) {
    const std::size_t row = i + 5 * k;
    return row < 65 || row - 65 >= kRows ? kNoIndex : static_cast<std::uint32_t>(row - 65);
  };
  ScratchMemory scratch;
  const KernelMap map(
      kRows, kVolume,
      [&](std::size_t begin, std::size_t end, std::span<std::uint32_t> found) {
        for (std::size_t i = begin; i < end; ++i) {
          for (std::size_t k = 0; k < kVolume; ++k) {
            found[(i - begin) * kVolume + k] = neighbor(i, k);
          }
        }
      },
      scratch);
  const Matrix x = random_matrix(kRows, kIn, 1);
  const Matrix d_y = random_matrix(kRows, kOut, 2);
  Values expected(kOut * kVolume * kIn, 0.0);
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t k = 0; k < kVolume; ++k) {
      const std::uint32_t from = neighbor(i, k);
      if (from == kNoIndex) continue;
      for (std::size_t o = 0; o < kOut; ++o) {
        double* const row = expected.data() + (o * kVolume + k) * kIn;
        for (std::size_t j = 0; j < kIn; ++j) row[j] += double{d_y(i, o)} * x(from, j);
      }
    }
  }
  layer.backward_weight(map, x, d_y);
  expect_values(set.parameters()[0].gradient, expected, "d weight", 1e-6);
}

TEST(segment_max, first_of_the_largest_wins_in_every_column) {
  constexpr std::size_t kColumns = 37;
  Matrix x(6, kColumns);
  Random random(5);
  for (float& value : x.values()) value = static_cast<float>(random.below(3));
  const std::vector<std::uint32_t> members{4, 1, 3, 5, 0, 2};
  const std::vector<std::uint32_t> begins{0, 4, 6};
  const train::Segments segments{members, begins};
  for_each_target([&] {
    Matrix out(2, kColumns);
    ScratchMemory scratch;
    const auto winners = segment_max(x, segments, out, scratch);
    for (std::size_t s = 0; s < 2; ++s) {
      for (std::size_t j = 0; j < kColumns; ++j) {
        const auto rows = segments.rows_of(s);
        std::uint32_t best = rows.front();
        for (const std::uint32_t row : rows) best = x(row, j) > x(best, j) ? row : best;
        EXPECT_EQ(winners[s * kColumns + j], best);
        EXPECT_EQ(out(s, j), x(best, j));
      }
    }
  });
}

TEST(gelu_with_slopes, are_the_formula_and_its_derivative) {
  Matrix x(3, 37);
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = 0.2F * static_cast<float>(i) - 11.0F;
  for_each_target([&] {
    Matrix values(3, 37);
    Matrix slopes(3, 37);
    train::gelu_with_slopes(x, values, slopes);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double at = x.data()[i];
      EXPECT_NEAR(values.data()[i], gelu(at), 2e-6) << at;
      EXPECT_NEAR(slopes.data()[i], (gelu(at + 1e-5) - gelu(at - 1e-5)) / 2e-5, 2e-5) << at;
    }
  });
}

TEST(copy_to_rows, puts_each_row_where_it_belongs) {
  for_each_target([] {
    const Matrix x = random_matrix(3, 37, 1);
    Matrix out = random_matrix(4, 37, 2);
    const Matrix before = clone(out);
    const std::vector<std::uint32_t> rows{2, 0, 3};
    train::copy_to_rows(x, rows, out);
    for (std::size_t j = 0; j < 37; ++j) {
      for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(out(rows[i], j), x(i, j));
      EXPECT_EQ(out(1, j), before(1, j));
    }
  });
}

TEST(segment_max, derivatives_go_to_the_first_of_the_largest) {
  const std::vector<std::uint32_t> members{2, 0, 1, 3, 4};
  const std::vector<std::uint32_t> begins{0, 2, 5};
  const train::Segments segments{members, begins};
  Matrix x(5, 2);
  const std::vector<float> values{1, 5, 2, 2, 3, 5, 9, 1, 0, 2};
  std::ranges::copy(values, x.data());
  Matrix out(2, 2);
  ScratchMemory scratch;
  const auto winners = segment_max(x, segments, out, scratch);
  EXPECT_THAT(out.values(), testing::ElementsAre(3, 5, 9, 2));
  Matrix d_out(2, 2);
  std::ranges::copy(std::vector<float>{10, 20, 30, 40}, d_out.data());
  Matrix d_x(5, 2);
  segment_max_backward(winners, segments, d_out, d_x);
  EXPECT_THAT(d_x.values(), testing::ElementsAre(0, 0, 0, 40, 10, 20, 30, 0, 0, 0));
  Matrix sums(2, 2);
  segment_sum(x, segments, sums);
  EXPECT_THAT(sums.values(), testing::ElementsAre(4, 10, 11, 5));
}

TEST(row_drop, drops_the_share_of_rows_asked_for_and_keeps_their_mean) {
  constexpr std::size_t kRows = 20000;
  const train::RowDrop drop(0.3, 42);
  std::size_t dropped = 0;
  double sum = 0.0;
  for (std::size_t i = 0; i < kRows; ++i) {
    dropped += drop.factor(i) == 0.0F ? 1 : 0;
    sum += drop.factor(i);
  }
  EXPECT_NEAR(static_cast<double>(dropped) / kRows, 0.3, 0.02);
  EXPECT_NEAR(sum / kRows, 1.0, 0.03);
  EXPECT_FALSE(train::RowDrop().drops());
  std::size_t same = 0;
  for (std::size_t i = 0; i < kRows; ++i) {
    same += train::RowDrop(0.3, 43).factor(i) == drop.factor(i) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(same) / kRows, 0.58, 0.02);  // as independent draws
}

}  // namespace
}  // namespace ptattn::test
