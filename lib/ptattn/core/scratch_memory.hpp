#pragma once

#include <cstddef>
#include <span>
#include <type_traits>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Provides memory for intermediate results, which no call keeps: a stack for every thread.
///
/// What is taken through a ScratchMemory belongs to it and goes back at its end. The stack grows to
/// what the largest call needs and stays with the thread, so that further calls of that size
/// allocate nothing; where it has grown beyond kKept bytes, all of it is freed when the outermost
/// ScratchMemory ends.
///
///   ScratchMemory scratch;
///   const MutableMatrixView hidden = scratch.matrix(x.rows, 64);
///
/// A ScratchMemory lives on the stack, on one thread, and only the newest of a thread may be asked.
/// Tasks open their own. While a thread waits for tasks it may run others, whose ScratchMemory has
/// ended when the wait is over, so parallel loops may be nested.
///
/// A caller of many large calls one after the other (a network over the tiles of a scene) holds a
/// ScratchMemory meanwhile: what the first call needed then serves all others.
class ScratchMemory {
 public:
  static constexpr std::size_t kKept = std::size_t{64} << 20;

  ScratchMemory();
  ~ScratchMemory();
  ScratchMemory(const ScratchMemory&) = delete;
  ScratchMemory& operator=(const ScratchMemory&) = delete;

  /// Returns `count` values, uninitialised, 64-byte aligned.
  template <class T>
  requires(std::is_trivially_copy_constructible_v<T>&& std::is_trivially_destructible_v<T>)
      [[nodiscard]] std::span<T> take(std::size_t count) {
    return {static_cast<T*>(bytes(count * sizeof(T))), count};
  }
  /// Returns uninitialised, 64-byte aligned, rows packed.
  [[nodiscard]] MutableMatrixView matrix(std::size_t rows, std::size_t cols) {
    return {take<float>(rows * cols).data(), rows, cols, cols};
  }
  /// Returns the first `count` values of what was taken last; the others go back. So a result whose
  /// size is known only afterwards takes the most that it can be: memory that nobody touches costs
  /// nothing.
  /// @throws Error(Fault::kUsage) when something was taken since
  template <class T>
  std::span<T> keep_first(std::span<T> taken, std::size_t count) {
    shrink(taken.data(), taken.size_bytes(), count * sizeof(T));
    return taken.first(count);
  }
  /// Lays what is taken next, up to `bytes`, in one piece: a plan of what a call needs. Taking more
  /// than was planned is no mistake.
  void reserve(std::size_t bytes);

 private:
  class Stack;

  static Stack& stack_of_this_thread();
  [[nodiscard]] void* bytes(std::size_t count);
  void shrink(const void* taken, std::size_t from, std::size_t to);
  void check_newest() const;

  Stack& stack_;
  ScratchMemory* below_;  // the newest of this thread until now
  std::size_t block_;     // of the stack, in which the next value was to be taken
  std::size_t used_;      // bytes of that block
};

}  // namespace ptattn
