#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include "ptattn/core/stop.hpp"

namespace ptattn::detail {

/// Holds what the pieces of one parallel loop share: a TBB context of their own and the first
/// exception.
///
/// A loop of TBB that is started inside a task of another one is bound to it by default: when an
/// exception cancels the outer loop, the inner one returns unfinished and throws nothing. The
/// context here is isolated, so nothing outside can cancel it, and lives on the stack of the loop,
/// so nothing outside can name it. What a piece throws is kept here, without a further allocation,
/// until `finish` throws it. So a loop ends in one of two ways: every piece is done, or it throws.
class LoopContext {
 public:
  LoopContext() : context_(tbb::task_group_context::isolated) {}
  LoopContext(const LoopContext&) = delete;
  LoopContext& operator=(const LoopContext&) = delete;

  /// Returns the context for the algorithm of TBB that runs the pieces.
  [[nodiscard]] tbb::task_group_context& tbb() { return context_; }

  /// Calls `piece()` unless a piece has failed; keeps what it throws and lets no further one begin.
  template <class Piece>
  void run(const Piece& piece) noexcept {
    if (failed_.load(std::memory_order_relaxed)) return;
    try {
      piece();
    } catch (...) {
      fail(std::current_exception());
    }
  }

  /// Ends the loop, after the algorithm has returned.
  /// @throws what the first piece to fail threw
  void finish();

 private:
  void fail(std::exception_ptr error) noexcept;

  tbb::task_group_context context_;
  std::exception_ptr first_;  // written by the piece that sets `failed_`
  std::atomic<bool> failed_ = false;
};

/// Calls `body(first, last)` over pieces of at most `most` items of [begin, end), one after the
/// other: TBB's may be a good part of the loop, and a stop must not wait for the end of one.
template <class Body>
void stoppable_ranges(std::size_t begin, std::size_t end, std::size_t most, const Body& body) {
  for (; begin < end; begin += std::min(most, end - begin)) {
    throw_if_stopped();
    body(begin, begin + std::min(most, end - begin));
  }
}

/// Calls `algorithm()` as a task of a context of its own, for algorithms of TBB that take none.
template <class Algorithm>
void in_own_context(const Algorithm& algorithm) {
  LoopContext context;
  const tbb::blocked_range<int> once(0, 1);
  tbb::parallel_for(
      once, [&](const tbb::blocked_range<int>&) { context.run(algorithm); }, context.tbb());
  context.finish();
}

}  // namespace ptattn::detail
