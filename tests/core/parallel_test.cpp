#include "ptattn/core/parallel.hpp"
#include "ptattn/core/listed_indices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace ptattn::test {
namespace {

TEST(parallel_each, visits_every_item_once) {
  for (const std::size_t n : {0, 1, 7, 8, 9, 1000}) {
    for (const std::size_t grain : {0, 1, 8, 5000}) {
      std::vector<std::atomic<int>> visits(n);
      parallel_each(n, grain, [&](std::size_t i) { ++visits[i]; });
      for (const auto& count : visits) EXPECT_EQ(count, 1);
    }
  }
}

TEST(parallel_ranges, pieces_are_not_empty_and_cover_everything) {
  const ThreadLimit limit(4);
  std::atomic<std::size_t> covered = 0;
  parallel_ranges(10'000, 16, [&](std::size_t begin, std::size_t end) {
    EXPECT_LT(begin, end);
    covered += end - begin;
  });
  EXPECT_EQ(covered, 10'000U);
}

TEST(parallel_ranges, little_work_stays_on_the_calling_thread) {
  const auto caller = std::this_thread::get_id();
  parallel_ranges(8, 8, [&](std::size_t begin, std::size_t end) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_EQ(begin, 0U);
    EXPECT_EQ(end, 8U);
  });
}

TEST(parallel_ranges, passes_exceptions_on) {
  EXPECT_THROW(parallel_each(1000, 1,
                             [](std::size_t i) {
                               if (i == 500) throw std::runtime_error("stop");
                             }),
               std::runtime_error);
}

TEST(thread_limit, caps_the_threads_while_it_lives) {
  const int before = thread_count();
  {
    const ThreadLimit limit(1);
    EXPECT_EQ(thread_count(), 1);
    std::mutex mutex;
    std::set<std::thread::id> threads;
    parallel_each(200, 1, [&](std::size_t) {
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    });
    EXPECT_EQ(threads.size(), 1U);
  }
  EXPECT_EQ(thread_count(), before);
}

TEST(thread_limit, zero_means_all_cores) {
  const ThreadLimit limit(0);
  EXPECT_GE(thread_count(), 1);
}

TEST(largest_of, component_by_component) {
  using Numbers = std::array<double, 2>;
  const auto value = [](std::size_t i) {
    return Numbers{static_cast<double>(i % 50'000), -static_cast<double>(i)};
  };
  EXPECT_EQ(largest_of(100'000, Numbers{-1, -7}, value), (Numbers{49'999, 0}));
  EXPECT_EQ(largest_of(0, Numbers{-1, -7}, value), (Numbers{-1, -7}));
  EXPECT_EQ(largest_of(5, Numbers{9, 9}, value), (Numbers{9, 9}));
}

TEST(largest_of, numbers) {
  const auto value = [](std::size_t i) { return -std::abs(static_cast<double>(i) - 70'000.0); };
  EXPECT_EQ(largest_of(100'000, -1e9, value), 0.0);
  EXPECT_EQ(largest_of(60'000, -1e9, value), -10'001.0);
  EXPECT_EQ(largest_of(0, -1e9, value), -1e9);
  EXPECT_EQ(largest_of(9, -3.0, [](std::size_t i) { return i % 3 == 0 ? std::nan("") : -2.0; }),
            -2.0);
}

TEST(deterministic_sum, adds_up) {
  EXPECT_EQ(deterministic_sum(0, [](std::size_t) { return 1.0; }), 0.0);
  EXPECT_EQ(deterministic_sum(1, [](std::size_t) { return 2.5; }), 2.5);
  for (const std::size_t n : {4095, 4096, 4097, 100'000}) {
    EXPECT_EQ(deterministic_sum(n, [](std::size_t i) { return static_cast<double>(i); }),
              static_cast<double>(n) * static_cast<double>(n - 1) / 2.0);
  }
}

TEST(deterministic_sum, same_bits_for_any_thread_count) {
  const auto sum_with = [](int threads) {
    const ThreadLimit limit(threads);
    const double sum = deterministic_sum(
        200'000, [](std::size_t i) { return std::sin(static_cast<double>(i)) * 1e6 + 1e-6; });
    return std::bit_cast<std::uint64_t>(sum);
  };
  EXPECT_EQ(sum_with(1), sum_with(8));
}

TEST(parallel_joined, joins_all_values) {
  const auto largest = [](std::size_t n) {
    return parallel_joined(
        n, 16, std::size_t{3}, [&](std::size_t i) { return i * 7919 % 1000; },
        [](std::size_t a, std::size_t b) { return std::max(a, b); });
  };
  EXPECT_EQ(largest(0), 3U);
  EXPECT_EQ(largest(2), 919U);
  EXPECT_EQ(largest(1000), 999U);
}

TEST(listed_indices, are_those_asked_for_in_ascending_order) {
  for (const int threads : {1, 8}) {
    const ThreadLimit limit(threads);
    for (const std::size_t n : {0, 1, 8191, 8192, 8193, 100'000}) {
      const auto is_listed = [](std::size_t i) { return i * 2654435761U % 8 < 3; };
      ScratchMemory scratch;
      const auto listed = listed_indices(n, is_listed, scratch);
      std::vector<std::uint32_t> expected;
      for (std::uint32_t i = 0; i < n; ++i) {
        if (is_listed(i)) expected.push_back(i);
      }
      EXPECT_THAT(listed, testing::ElementsAreArray(expected)) << n;
    }
  }
}

}  // namespace
}  // namespace ptattn::test
