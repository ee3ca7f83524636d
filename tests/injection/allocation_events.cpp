#include "allocation_events.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

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

namespace {

void* allocated(std::size_t bytes, std::size_t alignment) {
  const std::size_t whole = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment;
  void* const p = fails() ? nullptr : std::aligned_alloc(alignment, whole * alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

}  // namespace
}  // namespace ptattn::test

// In libstdc++ all other forms call these; sanitizers bring every form that is not here.
void* operator new(std::size_t bytes) {
  return ptattn::test::allocated(bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return ptattn::test::allocated(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return operator new(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete[](void* p) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, const std::nothrow_t&) noexcept {
  std::free(p);
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
