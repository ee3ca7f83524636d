#include "allocation_events.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "../allocation_operators.hpp"
#include "ptattn/core/stop.hpp"

namespace ptattn::test {
namespace {

std::atomic<AllocationEvent> armed = AllocationEvent::kNone;
std::atomic<std::uint64_t> count = 0;
std::atomic<std::uint64_t> at = 0;

/// Counts this allocation; true if it has to fail.
bool fails() {
  const AllocationEvent event = armed.load(std::memory_order_relaxed);
  const std::uint64_t number = count.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::uint64_t first = at.load(std::memory_order_relaxed);
  if (event == AllocationEvent::kStopRequested && number == first) request_stop();
  return (event == AllocationEvent::kFailsOnce && number == first) ||
         (event == AllocationEvent::kFailsFromThen && number >= first);
}

}  // namespace

void arm(AllocationEvent event, std::uint64_t n) {
  count = 0;
  at = n;
  armed = event;
}

std::uint64_t disarm() {
  armed = AllocationEvent::kNone;
  return count;
}

void* allocate(std::size_t bytes, std::size_t alignment) {
  const std::size_t whole = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment;
  void* const p = fails() ? nullptr : std::aligned_alloc(alignment, whole * alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

}  // namespace ptattn::test
