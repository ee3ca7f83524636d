#include "ptattn/core/stop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <type_traits>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/parallel_sort.hpp"
#include "ptattn/core/pipeline.hpp"

namespace ptattn::test {
namespace {

constexpr std::size_t kItems = 100'000;

class Stop : public testing::TestWithParam<int> {
 protected:
  ~Stop() override { withdraw_stop(); }

  ThreadLimit limit_{GetParam()};
};

TEST_P(Stop, cuts_running_loops_short) {
  std::atomic<std::size_t> visits = 0;
  const auto stop_half_way = [&](std::size_t) {
    if (++visits == kItems / 2) request_stop();
  };
  EXPECT_THROW(parallel_each(kItems, 16, stop_half_way), Stopped);
  EXPECT_GE(visits, kItems / 2);
  EXPECT_LT(visits, kItems / 2 + 8 * 4 * 16);  // at the end of the small pieces under way
}

TEST_P(Stop, cuts_joins_short) {
  std::atomic<std::size_t> visits = 0;
  const auto value = [&](std::size_t i) {
    if (++visits == kItems / 2) request_stop();
    return static_cast<double>(i);
  };
  EXPECT_THROW(static_cast<void>(parallel_joined(
                   kItems, 16, 0.0, value, [](double a, double b) { return std::max(a, b); })),
               Stopped);
  EXPECT_LT(visits, kItems / 2 + 8 * 4 * 16);
}

TEST_P(Stop, lets_nothing_begin) {
  request_stop();
  const auto never = [](auto...) { FAIL(); };
  const auto number = [](std::size_t) {
    ADD_FAILURE();
    return 0.0;
  };
  std::vector<int> values(kItems);
  EXPECT_THROW(parallel_ranges(kItems, 16, never), Stopped);
  EXPECT_THROW(parallel_ranges(3, 16, never), Stopped);
  EXPECT_THROW(parallel_each(kItems, 16, never), Stopped);
  EXPECT_THROW(static_cast<void>(largest_of(kItems, 0.0, number)), Stopped);
  EXPECT_THROW(static_cast<void>(deterministic_sum(kItems, number)), Stopped);
  EXPECT_THROW(parallel_both(never, never), Stopped);
  EXPECT_THROW(parallel_sort(values), Stopped);
  EXPECT_THROW(throw_if_stopped(), Stopped);
}

TEST_P(Stop, delivers_of_a_pipeline_what_was_done_before) {
  std::size_t next = 0;
  std::vector<std::size_t> delivered;
  EXPECT_THROW(ordered_pipeline(
                   4, [&]() -> std::optional<std::size_t> { return next++; },
                   [](std::size_t i) {
                     if (i == 20) request_stop();
                     return i;
                   },
                   [&](std::size_t i) { delivered.push_back(i); }),
               Stopped);
  for (std::size_t i = 0; i < delivered.size(); ++i) EXPECT_EQ(delivered[i], i);
  EXPECT_GE(delivered.size(), 16U);
  EXPECT_LE(delivered.size(), 25U);
}

TEST_P(Stop, ends_with_its_withdrawal) {
  request_stop();
  EXPECT_TRUE(stop_requested());
  withdraw_stop();
  EXPECT_FALSE(stop_requested());
  std::atomic<std::size_t> visits = 0;
  parallel_each(kItems, 16, [&](std::size_t) { ++visits; });
  EXPECT_EQ(visits, kItems);
}

TEST(stopped, is_no_error_of_an_input) {
  EXPECT_FALSE((std::is_base_of_v<Error, Stopped>));
}

INSTANTIATE_TEST_SUITE_P(threads, Stop, testing::Values(1, 2, 8));

}  // namespace
}  // namespace ptattn::test
