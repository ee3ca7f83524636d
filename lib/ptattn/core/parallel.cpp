#include "ptattn/core/parallel.hpp"

#include <thread>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include "ptattn/core/worker_threads.hpp"

namespace ptattn {

struct ThreadLimit::Impl {
  explicit Impl(std::size_t threads)
      : control(tbb::global_control::max_allowed_parallelism, threads) {}
  tbb::global_control control;
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
