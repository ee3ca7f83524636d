#pragma once

#include <atomic>
#include <exception>

namespace ptattn {

/// Says that work was cut short because a stop was requested. Not an Error: nothing is wrong with
/// any input, and what goes on after a bad input must not go on after a stop.
class Stopped : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }
};

namespace detail {
inline std::atomic<bool> stop_is_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set from signal handlers");
}  // namespace detail

/// Asks all work of the process to end soon: every parallel loop of the library, running or yet to
/// come, throws Stopped before its next piece. Safe in a signal handler and from any thread.
inline void request_stop() noexcept {
  detail::stop_is_requested.store(true, std::memory_order_relaxed);
}

/// Lets work begin again.
inline void withdraw_stop() noexcept {
  detail::stop_is_requested.store(false, std::memory_order_relaxed);
}

[[nodiscard]] inline bool stop_requested() noexcept {
  return detail::stop_is_requested.load(std::memory_order_relaxed);
}

/// Throws Stopped when a stop was requested, in loops that take long and are not parallel. Costs
/// one load.
/// @throws Stopped once a stop was requested
inline void throw_if_stopped() {
  if (stop_requested()) throw Stopped();
}

}  // namespace ptattn
