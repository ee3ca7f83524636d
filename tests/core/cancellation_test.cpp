// Whatever happens around a loop, it ends with every piece done or throws.

#include <gtest/gtest.h>
#include <tbb/parallel_for.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/parallel_sort.hpp"
#include "ptattn/core/pipeline.hpp"

namespace ptattn::test {
namespace {

constexpr std::size_t kItems = 10'000;

/// Calls `body` in a task of a TBB loop that has been cancelled already.
void inside_a_cancelled_loop(const std::function<void()>& body) {
  std::atomic<bool> ran = false;
  tbb::task_group_context outer;
  tbb::parallel_for(
      0, 1,
      [&](int) {
        outer.cancel_group_execution();
        body();
        ran = true;
      },
      outer);
  ASSERT_TRUE(ran);
}

/// With one, two and eight threads.
void with_threads(const std::function<void()>& body) {
  for (const int threads : {1, 2, 8}) {
    const ThreadLimit limit(threads);
    SCOPED_TRACE(threads);
    body();
  }
}

TEST(cancellation_outside, leaves_no_range_unfinished) {
  with_threads([] {
    inside_a_cancelled_loop([] {
      std::vector<std::atomic<int>> visits(kItems);
      parallel_ranges(kItems, 16, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) ++visits[i];
      });
      EXPECT_TRUE(std::ranges::all_of(visits, [](const auto& count) { return count == 1; }));
    });
  });
}

TEST(cancellation_outside, leaves_no_item_unvisited) {
  with_threads([] {
    inside_a_cancelled_loop([] {
      std::atomic<std::size_t> visits = 0;
      parallel_each(kItems, 1, [&](std::size_t) { ++visits; });
      EXPECT_EQ(visits, kItems);
    });
  });
}

TEST(cancellation_outside, leaves_sums_and_joins_whole) {
  with_threads([] {
    inside_a_cancelled_loop([] {
      const auto one = [](std::size_t) { return 1.0; };
      EXPECT_EQ(deterministic_sum(100 * kItems, one), 100.0 * kItems);
      const auto self = [](std::size_t i) { return static_cast<double>(i); };
      EXPECT_EQ(largest_of(100 * kItems, -1.0, self), 100.0 * kItems - 1);
    });
  });
}

TEST(cancellation_outside, leaves_nothing_unsorted) {
  with_threads([] {
    inside_a_cancelled_loop([] {
      std::vector<std::uint64_t> values(20 * kItems);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = i * 2654435761U % 1000003U;
      parallel_sort(values);
      EXPECT_TRUE(std::ranges::is_sorted(values));
    });
  });
}

TEST(cancellation_outside, leaves_neither_half_out) {
  with_threads([] {
    inside_a_cancelled_loop([] {
      std::atomic<int> halves = 0;
      parallel_both([&] { ++halves; }, [&] { ++halves; });
      EXPECT_EQ(halves, 2);
    });
  });
}

TEST(cancellation_outside, leaves_no_item_of_a_pipeline_out) {
  with_threads([] {
    inside_a_cancelled_loop([] {
      std::size_t next = 0;
      std::vector<std::size_t> delivered;
      ordered_pipeline(
          4, [&] { return next < 100 ? std::optional(next++) : std::nullopt; },
          [](std::size_t i) { return 2 * i; }, [&](std::size_t i) { delivered.push_back(i); });
      ASSERT_EQ(delivered.size(), 100U);
      for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(delivered[i], 2 * i);
    });
  });
}

TEST(cancellation_outside, may_come_while_the_loop_runs) {
  with_threads([] {
    for (int round = 0; round < 50; ++round) {
      // One item of the outer loop fails while the loops inside the others are under way.
      const auto outer = [](std::size_t item) {
        if (item == 7) throw std::runtime_error("item 7");
        std::atomic<std::size_t> visits = 0;
        parallel_each(1000, 1, [&](std::size_t) { ++visits; });
        EXPECT_EQ(visits, 1000U);
      };
      EXPECT_THROW(parallel_each(16, 1, outer), std::runtime_error);
    }
  });
}

TEST(parallel_both, passes_exceptions_on) {
  with_threads([] {
    const auto fail = [] { throw std::runtime_error("half"); };
    EXPECT_THROW(parallel_both(fail, [] {}), std::runtime_error);
    EXPECT_THROW(parallel_both([] {}, fail), std::runtime_error);
  });
}

TEST(parallel_joined, passes_exceptions_on) {
  with_threads([] {
    const auto value = [](std::size_t i) -> double {
      if (i == kItems / 2) throw std::runtime_error("value");
      return 0.0;
    };
    EXPECT_THROW(static_cast<void>(deterministic_sum(kItems, value)), std::runtime_error);
    EXPECT_THROW(static_cast<void>(largest_of(kItems, 0.0, value)), std::runtime_error);
  });
}

TEST(in_isolation, passes_exceptions_on) {
  EXPECT_THROW(in_isolation([] { throw std::runtime_error("inside"); }), std::runtime_error);
}

}  // namespace
}  // namespace ptattn::test
