#include "counted_allocations.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "../allocation_operators.hpp"

namespace ptattn::test {
namespace {

std::atomic<long> allocations{0};

}  // namespace

void* allocate(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  const std::size_t whole = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment;
  void* const p = std::aligned_alloc(alignment, whole * alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

long allocations_so_far() {
  return allocations;
}

}  // namespace ptattn::test
