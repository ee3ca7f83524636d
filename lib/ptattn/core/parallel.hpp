#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_invoke.h>
#include <tbb/parallel_reduce.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include "ptattn/core/loop_context.hpp"
#include "ptattn/core/stop.hpp"

namespace ptattn {

// All parallel work of the library goes through this header, parallel_sort.hpp and pipeline.hpp;
// nothing else includes TBB. Whatever is started here either ends with every piece done or throws:
// an exception outside, in a loop around it or in another item of a pipeline, never makes it return
// unfinished (see detail::LoopContext), and once a stop was requested (stop.hpp) it throws Stopped
// before its next piece.

/// Caps the number of TBB threads of the whole process while it lives (0: all cores) and starts
/// them: where memory or processes are limited there are fewer, and nothing fails later on.
/// The library itself never limits threads; a tool's harness holds one of these.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Returns the number of threads that a parallel_for started now may use.
[[nodiscard]] int thread_count();

/// Calls `body(begin, end)` over disjoint pieces that cover [0, n), in parallel.
///
/// Pieces hold one to a few times `grain` items and their borders may depend on the thread count:
/// the body must give each item a result of its own, whatever piece it falls into. Sums that cross
/// items belong into `deterministic_sum`.
/// @throws what a piece threw, the first to fail; Stopped
template <class Body>
void parallel_ranges(std::size_t n, std::size_t grain, const Body& body) {
  if (n <= grain) {
    throw_if_stopped();
    if (n > 0) body(std::size_t{0}, n);
    return;
  }
  detail::LoopContext context;
  const std::size_t least = grain > 0 ? grain : 1;
  tbb::parallel_for(
      tbb::blocked_range<std::size_t>(0, n, least),
      [&](const tbb::blocked_range<std::size_t>& r) {
        context.run([&] { detail::stoppable_ranges(r.begin(), r.end(), 4 * least, body); });
      },
      context.tbb());
  context.finish();
}

/// Calls `body(i)` for every i in [0, n), in parallel; see parallel_ranges.
template <class Body>
void parallel_each(std::size_t n, std::size_t grain, const Body& body) {
  parallel_ranges(n, grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) body(i);
  });
}

/// Returns join(join(start, value(0)), value(1)), ... over [0, n), in parallel, for operations that
/// come to the same in any order: the largest, all bits together.
template <class T, class Value, class Join>
[[nodiscard]] T parallel_joined(std::size_t n, std::size_t grain, const T& start,
                                const Value& value, const Join& join) {
  detail::LoopContext context;
  const std::size_t least = grain > 0 ? grain : 1;
  T all = tbb::parallel_reduce(
      tbb::blocked_range<std::size_t>(0, n, least), start,
      [&](const tbb::blocked_range<std::size_t>& r, T joined) {
        context.run([&] {
          detail::stoppable_ranges(r.begin(), r.end(), 4 * least, [&](auto begin, auto end) {
            for (std::size_t i = begin; i < end; ++i) joined = join(joined, value(i));
          });
        });
        return joined;
      },
      join, context.tbb());
  context.finish();
  return all;
}

/// Returns the largest of `least` and `value(i)` over [0, n), in parallel: numbers, or arrays of
/// numbers component by component. NaN is passed over; of zeros of both signs it may be either.
/// @param least  not NaN
template <class Numbers, class Value>
[[nodiscard]] Numbers largest_of(std::size_t n, const Numbers& least, const Value& value) {
  constexpr std::size_t kGrain = 8192;
  return parallel_joined(n, kGrain, least, value, [](Numbers a, const Numbers& b) {
    if constexpr (std::is_arithmetic_v<Numbers>) {
      a = std::max(a, b);
    } else {
      for (std::size_t c = 0; c < a.size(); ++c) a[c] = std::max(a[c], b[c]);
    }
    return a;
  });
}

/// Returns the sum of `value(i)` over [0, n) in float64, the same bits for any thread count: blocks
/// of fixed size are summed left to right and their sums added left to right.
template <class Value>
[[nodiscard]] double deterministic_sum(std::size_t n, const Value& value) {
  constexpr std::size_t kBlock = 4096;
  const std::size_t blocks = (n + kBlock - 1) / kBlock;
  const auto partial = std::make_unique<double[]>(blocks);
  parallel_each(blocks, 4, [&](std::size_t b) {
    double sum = 0.0;
    const std::size_t end = b * kBlock + kBlock < n ? b * kBlock + kBlock : n;
    for (std::size_t i = b * kBlock; i < end; ++i) sum += value(i);
    partial[b] = sum;
  });
  double total = 0.0;
  for (std::size_t b = 0; b < blocks; ++b) total += partial[b];
  return total;
}

/// Calls `left()` and `right()`, in parallel if a thread is free.
/// @throws what the first of them to fail threw; Stopped
template <class Left, class Right>
void parallel_both(const Left& left, const Right& right) {
  throw_if_stopped();
  detail::LoopContext context;
  tbb::parallel_invoke([&] { context.run(left); }, [&] { context.run(right); }, context.tbb());
  context.finish();
}

/// Calls `body()` so that this thread, while it waits inside, takes only tasks of what `body`
/// started: for the pieces of a loop that hold much memory each.
template <class Body>
void in_isolation(const Body& body) {
  tbb::this_task_arena::isolate(body);
}

}  // namespace ptattn
