#include "ptattn/sampling/sort_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

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

TEST(sort_order, of_ascending_keys) {
  auto keys = random_keys(100'000, 64);
  std::ranges::sort(keys);
  EXPECT_EQ(sort_order(keys), stable_sort_order(keys));
  std::swap(keys[32'767], keys[32'768]);  // ascending inside of all blocks
  EXPECT_EQ(sort_order(keys), stable_sort_order(keys));
  std::ranges::sort(keys);
  keys.back() = 0;
  EXPECT_EQ(sort_order(keys), stable_sort_order(keys));
}

std::vector<std::uint32_t> groups_of(const GroupOrder& order) {
  std::vector<std::uint32_t> groups(order.items.size());
  group_of_items(order.items, order.begins, groups);
  return groups;
}

TEST(group_order, by_hand) {
  const GroupOrder none = group_order({});
  EXPECT_EQ(none.size(), 0U);
  EXPECT_THAT(none.begins, ElementsAre(0U));
  const GroupOrder order = group_order(std::vector<std::uint64_t>{5, 1, 5, 0, ~0ULL, 1});
  EXPECT_THAT(order.items, ElementsAre(3U, 1U, 5U, 0U, 2U, 4U));
  EXPECT_THAT(order.begins, ElementsAre(0U, 1U, 3U, 5U, 6U));
  EXPECT_THAT(order[1], ElementsAre(1U, 5U));
  EXPECT_THAT(groups_of(order), ElementsAre(2U, 1U, 2U, 0U, 3U, 1U));
}

TEST(group_order, agrees_with_a_walk_along_the_order) {
  for (const unsigned bits : {1U, 12U, 16U, 64U}) {
    auto keys = random_keys(100'000, bits);
    for (const bool ascending : {false, true}) {
      if (ascending) std::ranges::sort(keys);
      std::vector<std::uint32_t> begins;
      std::vector<std::uint32_t> group_of(keys.size());
      const auto order = stable_sort_order(keys);
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (i == 0 || keys[order[i]] != keys[order[i - 1]])
          begins.push_back(static_cast<std::uint32_t>(i));
        group_of[order[i]] = static_cast<std::uint32_t>(begins.size() - 1);
      }
      begins.push_back(static_cast<std::uint32_t>(keys.size()));
      const GroupOrder groups = group_order(keys);
      EXPECT_THAT(groups.items, ElementsAreArray(order)) << bits;
      EXPECT_THAT(groups.begins, ElementsAreArray(begins)) << bits;
      EXPECT_EQ(groups_of(groups), group_of) << bits;
    }
  }
}

TEST(group_order, same_result_for_any_thread_count) {
  const auto keys = random_keys(200'000, 16);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return group_order(keys).begins;
  };
  EXPECT_EQ(with_threads(1), with_threads(8));
}

}  // namespace
}  // namespace ptattn::test
