#include "ptattn/core/parallel.hpp"

#include <thread>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include "ptattn/core/worker_threads.hpp"

namespace ptattn {

struct ThreadLimit::Impl {
  explicit Impl(std::size_t threads)
      : control(std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                      threads)) {}
  /// Stays limited where TBB could not start the workers that loops of before still ask for.
  ~Impl() {
    const unsigned cores = std::thread::hardware_concurrency();
    if (cores > 1 && !detail::could_have_workers(cores - 1)) (void)control.release();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::unique_ptr<tbb::global_control> control;
};

ThreadLimit::ThreadLimit(int threads) {
  const unsigned cores = std::thread::hardware_concurrency();
  const std::size_t wanted = threads > 0 ? static_cast<std::size_t>(threads) : cores;
  impl_ = std::make_unique<Impl>(wanted > 0 ? wanted : 1);
  const auto used = static_cast<std::size_t>(thread_count());
  const std::size_t workers = detail::have_workers(used - 1);
  if (workers + 1 < used) impl_ = std::make_unique<Impl>(workers + 1);
}

ThreadLimit::~ThreadLimit() = default;

int thread_count() {
  const auto allowed =
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
  const auto arena = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
  return static_cast<int>(allowed < arena ? allowed : arena);
}

}  // namespace ptattn
