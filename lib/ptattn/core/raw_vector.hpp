#pragma once

#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace ptattn {

/// Leaves values uninitialised that are made of nothing.
template <class T>
struct RawAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = RawAllocator<U>;
  };

  template <class U>
  void construct(U* at) {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
  }
};

/// Represents a vector whose `n` numbers (or arrays of numbers) nobody writes before those who fill
/// it: pages of a large one are touched for the first time in parallel.
template <class T>
using RawVector = std::vector<T, RawAllocator<T>>;

}  // namespace ptattn
