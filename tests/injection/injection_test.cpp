// Memory ends, or a stop is requested, at a random moment of the library's work. Each run has to
// end in the undisturbed result or in an error, and leave nothing behind that changes the next.

#include <gtest/gtest.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "../tools/scratch.hpp"
#include "allocation_events.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/core/stop.hpp"
#include "scenarios.hpp"

namespace ptattn::test {
namespace {

/// Runs for every scenario and thread count; PTATTN_INJECTIONS says how many in longer runs.
std::uint64_t rounds() {
  constexpr std::uint64_t kRounds = 9;
  const char* const asked = std::getenv("PTATTN_INJECTIONS");
  return asked == nullptr ? kRounds : std::strtoull(asked, nullptr, 10);
}

/// Calls `body` with that many threads, even on fewer cores.
void with_threads(int threads, const std::function<void()>& body) {
  const ThreadLimit limit(threads);
  tbb::task_arena(threads).execute(body);
}

/// Waits until that many threads work in this arena. TBB ends the process where a worker that
/// starts has no memory, which is not what is tested here: all start before an event may happen.
void gather(int threads) {
  const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::atomic<int> here = 0;
  const auto wait = [&](int) {
    ++here;
    while (here < threads && std::chrono::steady_clock::now() < latest) std::this_thread::yield();
  };
  tbb::parallel_for(0, threads, wait, tbb::simple_partitioner());
}

enum class End { kResult, kNoMemory, kStopped, kError };

/// What a scenario came to while `event` lay in wait.
struct Disturbed {
  End end = End::kResult;
  std::uint64_t hash = 0;
  std::string error;
  std::uint64_t allocations = 0;
};

Disturbed run_disturbed(const Scenario& scenario, int threads, AllocationEvent event,
                        std::uint64_t n) {
  Disturbed run;
  with_threads(threads, [&] {
    if (event != AllocationEvent::kNone) {
      gather(threads);
      (void)scenario.run();  // what TBB makes for workers that join is made now
    }
    arm(event, n);
    try {
      run.hash = scenario.run();
    } catch (const std::bad_alloc&) {
      run.end = End::kNoMemory;
    } catch (const Stopped&) {
      run.end = End::kStopped;
    } catch (const Error& error) {
      run.end = End::kError;
      run.allocations = disarm();
      run.error = error.what();
    }
    if (run.end != End::kError) run.allocations = disarm();
    withdraw_stop();
  });
  return run;
}

/// Whether `event` may end a run so.
bool is_clean(const Disturbed& run, AllocationEvent event, std::uint64_t undisturbed) {
  switch (run.end) {
    case End::kResult:
      return run.hash == undisturbed;
    case End::kStopped:
      return event == AllocationEvent::kStopRequested;
    case End::kNoMemory:
      return event != AllocationEvent::kStopRequested;
    case End::kError:  // readers name the file for which there is no memory
      return event != AllocationEvent::kStopRequested &&
             run.error.find("memory") != std::string::npos;
  }
  return false;
}

constexpr std::size_t kScenarios = 13;

class Injection : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    if (!scenarios_.empty()) return;
    folder_ = std::make_unique<Scratch>();  // named after the first test
    scenarios_ = scenarios(folder_->path());
  }
  static void TearDownTestSuite() {
    scenarios_.clear();
    folder_.reset();
  }

  static std::unique_ptr<Scratch> folder_;
  static std::vector<Scenario> scenarios_;
};
std::unique_ptr<Scratch> Injection::folder_;
std::vector<Scenario> Injection::scenarios_;

TEST_P(Injection, ends_in_the_result_or_in_an_error) {
  ASSERT_EQ(scenarios_.size(), kScenarios);
  const Scenario& scenario = scenarios_[GetParam()];
  SCOPED_TRACE(scenario.name);
  const Disturbed calm = run_disturbed(scenario, 1, AllocationEvent::kNone, 1);
  ASSERT_EQ(calm.end, End::kResult) << calm.error;
  std::size_t ended_early = 0;
  for (const int threads : {1, 2, 8}) {
    for (std::uint64_t seed = 0; seed < rounds(); ++seed) {
      Random random(1000 * static_cast<std::uint64_t>(threads) + seed);
      const auto event = static_cast<AllocationEvent>(1 + seed % 3);
      const std::uint64_t n = 1 + random.below(calm.allocations);
      const Disturbed run = run_disturbed(scenario, threads, event, n);
      if (run.end != End::kResult) ++ended_early;
      ASSERT_TRUE(is_clean(run, event, calm.hash))
          << threads << " threads, seed " << seed << ", event " << static_cast<int>(event)
          << " at allocation " << n << " of " << calm.allocations << ": end "
          << static_cast<int>(run.end) << " " << run.error;
      const Disturbed after = run_disturbed(scenario, threads, AllocationEvent::kNone, 1);
      ASSERT_EQ(after.end, End::kResult) << after.error;
      ASSERT_EQ(after.hash, calm.hash) << "after " << threads << " threads, seed " << seed;
    }
  }
  EXPECT_GT(ended_early, rounds() / 2);  // the events were felt
}

INSTANTIATE_TEST_SUITE_P(scenario, Injection, testing::Range<std::size_t>(0, kScenarios));

}  // namespace
}  // namespace ptattn::test
