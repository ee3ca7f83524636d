#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace ptattn::io::las::laz {

/// Holds objects that threads lend each other, because they are costly to make: as many as are in
/// use at a time.
template <class T>
class WorkerPool {
 public:
  explicit WorkerPool(std::function<std::unique_ptr<T>()> make) : make_(std::move(make)) {}

  /// Calls `body(worker)` with one that no other thread uses.
  template <class Body>
  void with_worker(const Body& body) {
    std::unique_ptr<T> worker = take();
    body(*worker);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(worker));
  }

 private:
  std::unique_ptr<T> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto worker = std::move(idle_.back());
        idle_.pop_back();
        return worker;
      }
    }
    return make_();
  }

  std::function<std::unique_ptr<T>()> make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace ptattn::io::las::laz
