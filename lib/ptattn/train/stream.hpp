#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "ptattn/train/batch.hpp"

namespace ptattn::train {

/// Says where the batches of a training run come from.
class SampleStream {
 public:
  virtual ~SampleStream() = default;
  /// Returns the batch of a step: all that is random in it follows from (seed of the stream, step),
  /// so that a resumed run sees what an uninterrupted one would have seen. Safe from many threads.
  [[nodiscard]] virtual Batch batch(std::uint64_t step) const = 0;
};

/// Makes the batches of a stream ahead of time, in a thread of its own.
class Prefetcher {
 public:
  /// @param first  the step whose batch `next` returns first
  /// @param ahead  batches kept ready
  Prefetcher(const SampleStream& stream, std::uint64_t first, std::size_t ahead = 2);
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// Returns the batch of the next step; waits for it.
  /// @throws what making it threw
  [[nodiscard]] Batch next();
  /// Returns the seconds that `next` waited in all.
  [[nodiscard]] double seconds_waited() const { return waited_; }

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
  double waited_ = 0.0;
};

}  // namespace ptattn::train
