#include "ptattn/core/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace ptattn::test {
namespace {

TEST(splitmix64, published_values) {
  // The first outputs of splitmix64 seeded with 1234567 (Rosetta Code, and Vigna's reference).
  std::uint64_t state = 1234567;
  for (const std::uint64_t expected :
       {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL}) {
    state += 0x9e3779b97f4a7c15ULL;
    EXPECT_EQ(splitmix64_mix(state), expected);
  }
}

TEST(fnv1a64, published_values) {
  EXPECT_EQ(fnv1a64(""), 0xcbf29ce484222325ULL);
  EXPECT_EQ(fnv1a64("a"), 0xaf63dc4c8601ec8cULL);
  EXPECT_EQ(fnv1a64("foobar"), 0x85944171f73967e8ULL);
}

TEST(fnv1a64, takes_bytes_as_unsigned) {
  EXPECT_NE(fnv1a64("\xff"), fnv1a64("\x7f"));
}

TEST(random, same_seed_same_numbers) {
  Random a(7);
  Random b(7);
  Random c(8);
  for (int i = 0; i < 10; ++i) {
    const std::uint64_t value = a.next();
    EXPECT_EQ(value, b.next());
    EXPECT_NE(value, c.next());
  }
}

TEST(random, neighbouring_seeds_do_not_share_a_sequence) {
  Random a(1);
  Random b(2);
  (void)a.next();
  EXPECT_NE(a.next(), b.next());
}

TEST(random, uniform_fills_the_unit_interval_evenly) {
  constexpr int kDraws = 40'000;
  std::array<int, 10> histogram{};
  Random random(3);
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    ++histogram[static_cast<std::size_t>(value * 10.0)];
  }
  // Five standard deviations of a bin.
  for (const int count : histogram) EXPECT_LT(std::abs(count - kDraws / 10), 5 * 60);
}

TEST(random, below_reaches_every_value_and_no_other) {
  std::array<int, 6> histogram{};
  Random random(4);
  for (int i = 0; i < 6000; ++i) ++histogram.at(random.below(6));
  for (const int count : histogram) EXPECT_LT(std::abs(count - 1000), 5 * 29);
  EXPECT_EQ(random.below(1), 0U);
}

}  // namespace
}  // namespace ptattn::test
