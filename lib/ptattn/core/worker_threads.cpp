#include "ptattn/core/worker_threads.hpp"

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <new>
#include <semaphore>
#include <thread>
#include <vector>

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>

namespace ptattn::detail {
namespace {

std::mutex mutex;
bool begun = false;     // whether TBB has run a loop, for which it takes memory of its own
std::size_t there = 0;  // workers: TBB ends none before the process ends

/// The address space that TBB takes with its first loop, set aside while this lives: throws
/// std::bad_alloc where there is none. Without it, TBB 2022 waits forever for a lock of its own.
class FirstLoopMemory {
 public:
  FirstLoopMemory()
      : begin_(
            ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (begin_ == MAP_FAILED) throw std::bad_alloc();
  }
  ~FirstLoopMemory() { ::munmap(begin_, kBytes); }
  FirstLoopMemory(const FirstLoopMemory&) = delete;
  FirstLoopMemory& operator=(const FirstLoopMemory&) = delete;

 private:
  static constexpr std::size_t kBytes = 6U << 20U;  // TBB 2022.1 takes four blocks of a megabyte
  void* begin_;
};

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
  constexpr std::size_t kSpare = 256U << 10U;  // bytes, for what TBB makes beside the threads
  pthread_attr_setstacksize(
      &attributes,
      tbb::global_control::active_value(tbb::global_control::thread_stack_size) + kSpare);
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

/// Has TBB start its workers: a loop with an item for every thread, held until all are there.
void start_workers(std::size_t count) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kLongest{200};
  const auto deadline = Clock::now() + kLongest;
  std::atomic<std::size_t> arrived = 0;  // not an observer, whose end fails where its begin did
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, count + 1, 1),
      [&](const tbb::blocked_range<std::size_t>& /*one*/) {
        ++arrived;
        while (arrived <= count && Clock::now() < deadline) std::this_thread::yield();
      },
      tbb::simple_partitioner());
}

}  // namespace

std::size_t have_workers(std::size_t count) {
  const std::scoped_lock lock(mutex);
  std::size_t more = 0;
  if (!begun) {
    const FirstLoopMemory beside_the_stacks;  // which stay mapped, for TBB to have them
    more = startable_threads(count);
  } else if (count > there) {
    more = startable_threads(count - there);
  }
  if (more > 0 || !begun) start_workers(there + more);
  begun = true;
  there += more;
  return std::min(count, there);
}

bool could_have_workers(std::size_t count) noexcept {
  try {
    const std::scoped_lock lock(mutex);
    return count <= there || startable_threads(count - there) == count - there;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace ptattn::detail
