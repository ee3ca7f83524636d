#include "ptattn/core/worker_threads.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_scheduler_observer.h>

namespace ptattn::detail {
namespace {

using Gate = std::counting_semaphore<>;

extern "C" void* wait_at_gate(void* gate) {
  static_cast<Gate*>(gate)->acquire();
  return nullptr;
}

/// How many threads, `most` at most, may exist beside those that there are: starts them, with the
/// stack that TBB asks for, and ends them.
std::size_t startable_threads(std::size_t most) {
  std::vector<pthread_t> threads(most);
  Gate gate(0);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return 0;
  pthread_attr_setstacksize(
      &attributes, tbb::global_control::active_value(tbb::global_control::thread_stack_size));
  std::size_t started = 0;
  while (started < most &&
         pthread_create(&threads[started], &attributes, wait_at_gate, &gate) == 0) {
    ++started;
  }
  pthread_attr_destroy(&attributes);
  gate.release(static_cast<std::ptrdiff_t>(started));
  for (std::size_t i = 0; i < started; ++i) pthread_join(threads[i], nullptr);
  return started;
}

/// Counts the workers that come to work while it lives.
class Arrivals : public tbb::task_scheduler_observer {
 public:
  Arrivals() { observe(true); }
  ~Arrivals() override { observe(false); }
  void on_scheduler_entry(bool is_worker) override {
    if (is_worker) ++count_;
  }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::atomic<std::size_t> count_ = 0;
};

/// Has TBB start its workers: a loop with an item for every thread, held until all are there.
void start_workers(std::size_t count) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kLongest{200};
  const auto deadline = Clock::now() + kLongest;
  const Arrivals arrivals;
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, count + 1, 1),
      [&](const tbb::blocked_range<std::size_t>& /*one*/) {
        while (arrivals.count() < count && Clock::now() < deadline) std::this_thread::yield();
      },
      tbb::simple_partitioner());
}

}  // namespace

std::size_t have_workers(std::size_t count) {
  static std::mutex mutex;
  static std::size_t there = 0;  // TBB ends no worker before the process ends
  const std::scoped_lock lock(mutex);
  if (count > there) {
    const std::size_t more = startable_threads(count - there);
    if (more > 0) start_workers(there + more);
    there += more;
  }
  return std::min(count, there);
}

}  // namespace ptattn::detail
