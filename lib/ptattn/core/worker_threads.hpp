#pragma once

#include <cstddef>

namespace ptattn::detail {

/// Sees to it that TBB has `count` worker threads, or as many as limits on memory and processes
/// allow; returns how many of the `count` there are. Throws std::bad_alloc where memory is
/// missing for any loop, also by one thread.
///
/// TBB by itself starts workers when work comes up, some of them from other workers, and takes it
/// that this succeeds: else an exception comes out of some loop or, in a worker, the process ends.
[[nodiscard]] std::size_t have_workers(std::size_t count);

/// Returns whether TBB has `count` worker threads or could start them now.
[[nodiscard]] bool could_have_workers(std::size_t count) noexcept;

}  // namespace ptattn::detail
