#include "ptattn/train/stream.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace ptattn::train {

struct Prefetcher::Shared {
  const SampleStream& stream;
  std::uint64_t step;
  std::size_t ahead;
  std::mutex mutex{};
  std::condition_variable changed{};
  std::deque<Batch> ready{};
  std::exception_ptr failure{};
  bool stopped = false;
  std::thread thread{};

  /// False when the prefetcher ends.
  bool wait_for_room() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return stopped || ready.size() < ahead; });
    return !stopped;
  }
  void run() {
    try {
      while (wait_for_room()) {
        Batch batch = stream.batch(step++);
        const std::lock_guard lock(mutex);
        ready.push_back(std::move(batch));
        changed.notify_all();
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      changed.notify_all();
    }
  }
};

Prefetcher::Prefetcher(const SampleStream& stream, std::uint64_t first, std::size_t ahead)
    : shared_(new Shared{stream, first, ahead}) {
  shared_->thread = std::thread([shared = shared_.get()] { shared->run(); });
}

Prefetcher::~Prefetcher() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopped = true;
    shared_->changed.notify_all();
  }
  shared_->thread.join();
}

Batch Prefetcher::next() {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait(lock, [this] { return shared_->failure || !shared_->ready.empty(); });
  waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (shared_->ready.empty()) std::rethrow_exception(shared_->failure);
  Batch batch = std::move(shared_->ready.front());
  shared_->ready.pop_front();
  shared_->changed.notify_all();
  return batch;
}

}  // namespace ptattn::train
