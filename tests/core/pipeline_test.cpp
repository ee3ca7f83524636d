#include "ptattn/core/pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

/// Where a pipeline of numbers fails, and what it did.
struct Numbers {
  std::size_t count = 200;
  std::size_t take_fails = 1000;
  std::size_t work_fails = 1000;
  std::size_t also_fails = 1000;
  std::size_t deliver_fails = 1000;

  std::size_t taken = 0;
  std::atomic<std::size_t> unfinished = 0;  // loops inside items that did not visit everything
  std::vector<std::size_t> delivered;

  void operator()(std::size_t in_flight) {
    ordered_pipeline(
        in_flight,
        [this]() -> std::optional<std::size_t> {
          if (taken == take_fails) throw std::runtime_error("take " + std::to_string(taken));
          if (taken == count) return std::nullopt;
          return taken++;
        },
        [this](std::size_t i) {
          std::atomic<std::size_t> visits = 0;
          parallel_each(200, 1, [&](std::size_t) { ++visits; });
          if (visits != 200) ++unfinished;
          if (i == work_fails || i == also_fails) {
            throw std::runtime_error("work " + std::to_string(i));
          }
          return std::make_unique<std::size_t>(i);
        },
        [this](std::unique_ptr<std::size_t> i) {
          if (*i == deliver_fails) throw std::runtime_error("deliver " + std::to_string(*i));
          delivered.push_back(*i);
        });
  }
};

/// That the run throws `message` and delivers the first `count` numbers only.
void expect_failure(Numbers& run, std::size_t in_flight, const std::string& message,
                    std::size_t count) {
  try {
    run(in_flight);
    ADD_FAILURE() << "did not throw " << message;
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(), message);
  }
  ASSERT_EQ(run.delivered.size(), count);
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(run.delivered[i], i);
  EXPECT_EQ(run.unfinished, 0U);
  EXPECT_LE(run.taken, count + in_flight + 1);
}

class OrderedPipeline : public testing::TestWithParam<int> {
 protected:
  ThreadLimit limit_{GetParam()};
};

TEST_P(OrderedPipeline, delivers_everything_in_order) {
  for (const std::size_t in_flight : {0, 1, 2, 16, 500}) {
    for (const std::size_t count : {0, 1, 200}) {
      Numbers run;
      run.count = count;
      run(in_flight);
      ASSERT_EQ(run.delivered.size(), count);
      for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(run.delivered[i], i);
    }
  }
}

TEST_P(OrderedPipeline, rethrows_what_a_delivery_throws_and_ends_what_is_under_way) {
  for (const std::size_t at : {0, 1, 17, 199}) {
    Numbers run;
    run.deliver_fails = at;
    expect_failure(run, 8, "deliver " + std::to_string(at), at);
  }
}

TEST_P(OrderedPipeline, delivers_what_is_before_an_item_that_fails) {
  for (const std::size_t at : {0, 1, 17, 199}) {
    Numbers run;
    run.work_fails = at;
    expect_failure(run, 8, "work " + std::to_string(at), at);
  }
}

TEST_P(OrderedPipeline, reports_the_first_item_that_fails_whatever_the_thread_count) {
  for (int round = 0; round < 20; ++round) {
    Numbers run;
    run.work_fails = 43;
    run.also_fails = 42;
    expect_failure(run, 8, "work 42", 42);
  }
}

TEST_P(OrderedPipeline, delivers_what_was_taken_before_taking_failed) {
  for (const std::size_t at : {0, 1, 17}) {
    Numbers run;
    run.take_fails = at;
    expect_failure(run, 8, "take " + std::to_string(at), at);
  }
}

TEST_P(OrderedPipeline, may_be_nested) {
  std::vector<std::size_t> sizes;
  std::size_t next = 0;
  ordered_pipeline(
      4, [&] { return next < 20 ? std::optional(next++) : std::nullopt; },
      [](std::size_t i) {
        Numbers inner;
        inner.count = 10;
        inner.work_fails = i % 2 == 0 ? 5 : 1000;
        try {
          inner(4);
        } catch (const std::runtime_error&) {
        }
        return inner.delivered.size();
      },
      [&](std::size_t size) { sizes.push_back(size); });
  ASSERT_EQ(sizes.size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(sizes[i], i % 2 == 0 ? 5U : 10U);
}

INSTANTIATE_TEST_SUITE_P(threads, OrderedPipeline, testing::Values(1, 2, 8));

}  // namespace
}  // namespace ptattn::test
