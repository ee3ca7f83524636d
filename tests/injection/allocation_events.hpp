#pragma once

#include <cstdint>

namespace ptattn::test {

/// What happens at the n-th call of the global operator new, by any thread, since `arm`.
enum class AllocationEvent {
  kNone,
  kFailsOnce,      ///< std::bad_alloc
  kFailsFromThen,  ///< std::bad_alloc, and so for every further call until `disarm`
  kStopRequested,  ///< request_stop(), as a signal handler would
};

/// Makes `event` happen at the `n`-th allocation from now on, n >= 1.
void arm(AllocationEvent event, std::uint64_t n);

/// Ends the event; returns how many allocations there were since `arm`.
std::uint64_t disarm();

}  // namespace ptattn::test
