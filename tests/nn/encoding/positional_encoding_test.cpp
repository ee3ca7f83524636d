#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/encoding/positional_encoding.hpp"
#include "ptattn/nn/kernels/sincos.hpp"

namespace ptattn::test {
namespace {

constexpr double kTurn = 2.0 * std::numbers::pi;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(sincos_turns, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t count : {1, 2, 7, 8, 9, 31, 1000}) {
      Random random(count);
      std::vector<double> turns(count);
      for (double& t : turns) t = (random.uniform() - 0.5) * std::pow(10.0, random.uniform() * 6.0);
      std::vector<float> out(2 * count + 1, -77.0F);
      sincos_turns(turns, out.data());
      for (std::size_t i = 0; i < count; ++i) {
        const double angle = kTurn * (turns[i] - std::round(turns[i]));
        ASSERT_NEAR(out[2 * i], std::sin(angle), 2e-7) << turns[i];
        ASSERT_NEAR(out[2 * i + 1], std::cos(angle), 2e-7) << turns[i];
      }
      EXPECT_EQ(out[2 * count], -77.0F);
    }
  });
}

TEST(sincos_turns, quarter_turns_are_exact) {
  for_each_target([] {
    const std::vector<double> turns{0.0, 0.25, 0.5, 0.75, -0.25, -0.5, 1e15, 1e12 + 0.25, 3.5};
    const std::vector<float> expected{0, 1, 1, 0, 0, -1, -1, 0, -1, 0, 0, -1, 0, 1, 1, 0, 0, -1};
    std::vector<float> out(expected.size());
    sincos_turns(turns, out.data());
    EXPECT_EQ(out, expected);
  });
}

TEST(sincos_turns, angles_that_are_not_finite_give_nan) {
  for_each_target([] {
    const std::vector<double> turns{kNan, kInfinity, -kInfinity};
    std::vector<float> out(6);
    sincos_turns(turns, out.data());
    for (const float value : out) EXPECT_TRUE(std::isnan(value));
  });
}

TEST(index_encoding, hand_computed) {
  // Four channels: angles i and i / 100.
  const Matrix p = index_encoding(0, 3, 4);
  const double expected[3][4] = {
      {0.0, 1.0, 0.0, 1.0},
      {0.8414709848, 0.5403023059, 0.0099998333, 0.9999500004},
      {0.9092974268, -0.4161468365, 0.0199986667, 0.9998000067},
  };
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 4; ++j) EXPECT_NEAR(p(i, j), expected[i][j], 1e-7);
  }
}

TEST(index_encoding, odd_channels_end_with_a_sine) {
  const Matrix p = index_encoding(7, 2, 5, 100.0);
  ASSERT_EQ(p.cols(), 5U);
  for (std::size_t i = 0; i < 2; ++i) {
    const double position = 7.0 + static_cast<double>(i);
    for (std::size_t j = 0; j < 5; ++j) {
      const double angle = position / std::pow(100.0, static_cast<double>(j / 2 * 2) / 5.0);
      EXPECT_NEAR(p(i, j), j % 2 == 0 ? std::sin(angle) : std::cos(angle), 2e-7);
    }
  }
}

TEST(index_encoding, an_index_has_one_encoding_wherever_the_block_starts) {
  for (const std::size_t channels : {1, 2, 15, 64}) {
    const Matrix whole = index_encoding(0, 600, channels);
    const Matrix part = index_encoding(599, 1, channels);
    EXPECT_TRUE(same_bytes(whole.view().rows_range(599, 1), part));
  }
}

TEST(index_encoding, nothing_to_encode) {
  EXPECT_EQ(index_encoding(3, 0, 8).rows(), 0U);
  EXPECT_EQ(index_encoding(3, 5, 0).cols(), 0U);
  EXPECT_THROW((void)index_encoding(0, 1, 2, 0.0), Error);
  EXPECT_THROW((void)index_encoding(0, 1, 2, kNan), Error);
}

TEST(geometric_wavelengths, from_shortest_to_longest) {
  const std::vector<double> lambda = geometric_wavelengths(0.5, 32.0, 4);
  ASSERT_EQ(lambda.size(), 4U);
  for (std::size_t j = 0; j < 4; ++j) EXPECT_NEAR(lambda[j], 0.5 * std::pow(4.0, j), 1e-12);
  EXPECT_EQ(geometric_wavelengths(2.0, 9.0, 1), std::vector<double>{2.0});
  EXPECT_EQ(geometric_wavelengths(2.0, 2.0, 2), (std::vector<double>{2.0, 2.0}));
  EXPECT_TRUE(geometric_wavelengths(2.0, 9.0, 0).empty());
}

TEST(geometric_wavelengths, refuses_what_is_no_range) {
  EXPECT_THROW((void)geometric_wavelengths(0.0, 1.0, 2), Error);
  EXPECT_THROW((void)geometric_wavelengths(-1.0, 1.0, 2), Error);
  EXPECT_THROW((void)geometric_wavelengths(2.0, 1.0, 2), Error);
  EXPECT_THROW((void)geometric_wavelengths(1.0, kInfinity, 2), Error);
  EXPECT_THROW((void)geometric_wavelengths(kNan, 1.0, 2), Error);
}

TEST(encode_coordinates, axis_after_axis_a_sine_and_a_cosine_a_wavelength) {
  const std::vector<double> coordinates{0.25, -1.0, 3.0, 0.0, 0.5, 10.0};
  const std::vector<double> wavelengths{1.0, 4.0};
  Matrix out(2, encoding_channels(3, 2));
  ASSERT_EQ(out.cols(), 12U);
  encode_coordinates(coordinates, 3, wavelengths, out);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t a = 0; a < 3; ++a) {
      for (std::size_t j = 0; j < 2; ++j) {
        const double angle = kTurn * coordinates[3 * i + a] / wavelengths[j];
        EXPECT_NEAR(out(i, 2 * (2 * a + j)), std::sin(angle), 2e-7);
        EXPECT_NEAR(out(i, 2 * (2 * a + j) + 1), std::cos(angle), 2e-7);
      }
    }
  }
}

TEST(encode_coordinates, moving_by_a_wavelength_changes_nothing_even_far_away) {
  const std::vector<double> near{0.125, 0.5, 0.75};
  const std::vector<double> far{5.5e6 + 0.125, 5.5e6 + 0.5, 5.5e6 + 0.75};
  const std::vector<double> wavelengths{1.0, 0.5};
  Matrix a(1, 12);
  Matrix b(1, 12);
  encode_coordinates(near, 3, wavelengths, a);
  encode_coordinates(far, 3, wavelengths, b);
  EXPECT_TRUE(same_bytes(a, b));
}

TEST(encode_coordinates, float_matrices_give_what_their_doubles_give) {
  const Matrix x = random_matrix(300, 3, 1, 50.0);
  const std::vector<double> doubles(x.values().begin(), x.values().end());
  const std::vector<double> wavelengths = geometric_wavelengths(0.1, 100.0, 7);
  Matrix a(300, 42);
  Embedded b(300, 42, 3, 1);
  encode_coordinates(doubles, 3, wavelengths, a);
  encode_coordinates(x, wavelengths, b.view());
  EXPECT_TRUE(same_bytes(a, b.view()));
  EXPECT_TRUE(b.surroundings_intact());
}

TEST(encode_coordinates, same_bytes_for_any_thread_count) {
  const Matrix x = random_matrix(3000, 3, 1, 50.0);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    Matrix out(x.rows(), 30);
    encode_coordinates(x, geometric_wavelengths(0.1, 100.0, 5), out);
    return out;
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(encode_coordinates, one_bad_coordinate_spoils_its_own_channels_only) {
  Matrix x = random_matrix(1, 3, 1);
  x(0, 1) = static_cast<float>(kNan);
  Matrix out(1, 6);
  encode_coordinates(x, std::vector<double>{2.0}, out);
  for (std::size_t j = 0; j < 6; ++j) EXPECT_EQ(std::isnan(out(0, j)), j / 2 == 1);
}

TEST(encode_coordinates, refuses_bad_wavelengths_and_shapes) {
  const Matrix x = random_matrix(4, 3, 1);
  Matrix out(4, 6);
  for (const double bad : {0.0, -1.0, kNan, kInfinity}) {
    EXPECT_THROW(encode_coordinates(x, std::vector<double>{bad}, out), Error);
  }
  const std::vector<double> good{1.0};
  Matrix narrow(4, 5);
  EXPECT_THROW(encode_coordinates(x, good, narrow), Error);
  Matrix few(3, 6);
  EXPECT_THROW(encode_coordinates(x, good, few), Error);
  EXPECT_NO_THROW(encode_coordinates(x, good, out));
}

}  // namespace
}  // namespace ptattn::test
