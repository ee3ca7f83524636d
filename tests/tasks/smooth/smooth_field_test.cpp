#include "ptattn/tasks/smooth/smooth_field.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "line_fields.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

TEST(smooth_field, hand_computed) {
  // Three points in a row, h = 1: weights exp(-1/2) and exp(-2) of the neighbours.
  Field field = field_of<double>({0, 10, 40});
  const BandwidthFit fit = smooth_field(field, all_of(3), on_a_line(3), {.bandwidth = 1.0});
  const double a = std::exp(-0.5);
  const double b = std::exp(-2.0);
  const auto values = field.values<double>();
  EXPECT_NEAR(values[0], (0 + 10 * a + 40 * b) / (1 + a + b), 1e-5);
  EXPECT_NEAR(values[1], (0 * a + 10 + 40 * a) / (1 + 2 * a), 1e-5);
  EXPECT_NEAR(values[2], (0 * b + 10 * a + 40) / (1 + a + b), 1e-5);
  EXPECT_EQ(fit.bandwidth, 1.0);
  // Without itself: 0 sees 10 and 40, 10 sees both alike, 40 sees 10 and 0.
  const double first = (10 * a + 40 * b) / (a + b);
  const double last = 40 - 10 * a / (a + b);
  EXPECT_NEAR(fit.loss, (first * first + 100.0 + last * last) / 3.0, 1e-3);
  EXPECT_NEAR(fit.constant, (625.0 + 100.0 + 1225.0) / 3.0, 1e-3);
}

TEST(smooth_field, integers_are_rounded_and_stay_within_their_type) {
  Field field = field_of<std::uint8_t>({255, 255, 254, 255});
  smooth_field(field, all_of(4), on_a_line(4), {.kernel = Kernel::kConstant, .bandwidth = 1.0});
  for (const std::uint8_t value : field.values<std::uint8_t>()) EXPECT_EQ(value, 255);
}

TEST(smooth_field, large_numbers_keep_their_detail) {
  Field field = field_of<double>({4e8, 4e8 + 1, 4e8 + 2});  // GPS seconds
  smooth_field(field, all_of(3), on_a_line(3), {.kernel = Kernel::kConstant, .bandwidth = 1.0});
  for (const double value : field.values<double>()) EXPECT_NEAR(value, 4e8 + 1, 1e-6);
}

TEST(smooth_field, values_that_are_no_numbers_take_no_part) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  Field field = field_of<float>({1, nan, 3, inf, 5});
  smooth_field(field, all_of(5), on_a_line(5), {.kernel = Kernel::kConstant, .bandwidth = 1.0});
  const auto values = field.values<float>();
  EXPECT_FLOAT_EQ(values[0], 3.0F);
  EXPECT_TRUE(std::isnan(values[1]));
  EXPECT_FLOAT_EQ(values[2], 3.0F);
  EXPECT_EQ(values[3], inf);
}

TEST(smooth_field, points_that_take_no_part_keep_their_values) {
  Field field = field_of<float>({1, 1000, 3});
  const std::vector<std::size_t> rows{0, 2};
  smooth_field(field, rows, on_a_line(2), {.kernel = Kernel::kConstant, .bandwidth = 1.0});
  EXPECT_EQ(field.values<float>()[1], 1000.0F);
  EXPECT_EQ(field.values<float>()[0], 2.0F);
}

TEST(smooth_field, every_value_of_several_is_smoothed) {
  Field field = field_of<float>({0, 10, 2, 30}, 2);
  smooth_field(field, all_of(2), on_a_line(2), {.kernel = Kernel::kConstant, .bandwidth = 1.0});
  const auto values = field.values<float>();
  EXPECT_FLOAT_EQ(values[0], 1.0F);
  EXPECT_FLOAT_EQ(values[1], 20.0F);
}

TEST(smooth_field, a_learnt_bandwidth_takes_noise_off) {
  Random random(4);
  std::vector<Position> positions(4000);
  std::vector<double> truth(4000);
  std::vector<float> noisy(4000);
  for (std::size_t i = 0; i < 4000; ++i) {
    positions[i] = {random.uniform(), random.uniform(), 0.0};
    truth[i] = std::sin(6.0 * positions[i][0]) * std::cos(4.0 * positions[i][1]);
    noisy[i] = static_cast<float>(truth[i] + random.uniform() - 0.5);
  }
  Field field = field_of(noisy);
  const BandwidthFit fit =
      smooth_field(field, all_of(4000), positions, {.neighborhood = {.k = 64}});
  double before = 0.0;
  double after = 0.0;
  for (std::size_t i = 0; i < 4000; ++i) {
    before += (double{noisy[i]} - truth[i]) * (double{noisy[i]} - truth[i]);
    const double off = double{field.values<float>()[i]} - truth[i];
    after += off * off;
  }
  EXPECT_LT(std::sqrt(after), 0.25 * std::sqrt(before));
  EXPECT_NEAR(fit.loss, 1.0 / 12.0, 0.01) << "the noise itself";
}

TEST(smooth_field, nothing_to_smooth) {
  Field none = field_of<float>({});
  EXPECT_EQ(smooth_field(none, {}, {}, {}).bandwidth, 0.0);
  Field one = field_of<float>({7});
  EXPECT_EQ(smooth_field(one, all_of(1), on_a_line(1), {}).bandwidth, 0.0);
  EXPECT_EQ(one.values<float>()[0], 7.0F);
}

TEST(smooth_field, same_bytes_for_any_thread_count) {
  Random random(8);
  std::vector<Position> positions(9000);
  std::vector<float> values(9000);
  for (std::size_t i = 0; i < 9000; ++i) {
    positions[i] = {random.uniform(), random.uniform(), random.uniform()};
    values[i] = static_cast<float>(random.uniform());
  }
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    Field field = field_of(values);
    smooth_field(field, all_of(9000), positions, {.iterations = 2});
    return field;
  };
  const Field one = with_threads(1);
  const Field eight = with_threads(8);
  EXPECT_EQ(std::memcmp(one.bytes().data(), eight.bytes().data(), one.bytes().size()), 0);
}

}  // namespace
}  // namespace ptattn::test
