#include "ptattn/sampling/sort_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::uint64_t> random_keys(std::size_t n, unsigned bits) {
  Random random(n + bits);
  std::vector<std::uint64_t> keys(n);
  for (std::uint64_t& key : keys) key = random.next() >> (64U - bits);
  return keys;
}

std::vector<std::uint32_t> stable_sort_order(const std::vector<std::uint64_t>& keys) {
  std::vector<std::uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return keys[a] < keys[b]; });
  return order;
}

TEST(sort_order, by_hand) {
  EXPECT_THAT(sort_order({}), IsEmpty());
  EXPECT_THAT(sort_order(std::vector<std::uint64_t>{7}), ElementsAre(0U));
  EXPECT_THAT(sort_order(std::vector<std::uint64_t>{5, 1, 5, 0, ~0ULL, 1}),
              ElementsAre(3U, 1U, 5U, 0U, 2U, 4U));
}

TEST(sort_order, agrees_with_a_stable_sort) {
  for (const unsigned bits : {1U, 11U, 12U, 33U, 64U}) {
    const auto keys = random_keys(100'000, bits);
    EXPECT_EQ(sort_order(keys), stable_sort_order(keys)) << bits;
  }
}

TEST(sort_order, equal_keys_stay_in_place) {
  const auto order = sort_order(std::vector<std::uint64_t>(70'000, 42));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(sort_order, same_result_for_any_thread_count) {
  const auto keys = random_keys(200'000, 8);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return sort_order(keys);
  };
  EXPECT_EQ(with_threads(1), with_threads(8));
}

}  // namespace
}  // namespace ptattn::test
