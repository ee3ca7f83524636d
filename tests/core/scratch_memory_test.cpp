#include "ptattn/core/scratch_memory.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <thread>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

// Of the sanitizers, which have a heap of their own; null without them.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace ptattn::test {
namespace {

bool is_aligned(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) % 64 == 0;
}

/// Bytes in use of the heap, by all threads.
std::size_t allocated() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    return __sanitizer_get_current_allocated_bytes();
  }
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(scratch_memory, gives_aligned_memory_that_does_not_overlap) {
  ScratchMemory scratch;
  const auto bytes = scratch.take<std::uint8_t>(7);
  const MutableMatrixView m = scratch.matrix(3, 5);
  EXPECT_EQ(bytes.size(), 7U);
  EXPECT_TRUE(is_aligned(bytes.data()));
  EXPECT_TRUE(is_aligned(m.data));
  EXPECT_EQ(m.rows, 3U);
  EXPECT_EQ(m.stride, 5U);
  EXPECT_GE(reinterpret_cast<const std::uint8_t*>(m.data), bytes.data() + 7);
}

TEST(scratch_memory, values_stay_where_they_are_while_it_grows) {
  ScratchMemory scratch;
  const auto first = scratch.take<int>(10);
  std::ranges::fill(first, 42);
  for (int i = 0; i < 20; ++i) std::ranges::fill(scratch.take<int>(std::size_t{1} << 14), i);
  EXPECT_EQ(std::ranges::count(first, 42), 10);
}

TEST(scratch_memory, what_was_taken_goes_back_and_comes_again) {
  const auto taken = [] {
    ScratchMemory scratch;
    const float* const first = scratch.matrix(300, 300).data;
    float* inner = nullptr;
    {
      ScratchMemory nested;
      inner = nested.matrix(100, 100).data;
    }
    EXPECT_EQ(scratch.matrix(1, 1).data, inner);  // the place of the nested one
    return first;
  };
  (void)taken();  // grows block by block; after it there is a single one
  const float* const second = taken();
  EXPECT_EQ(second, taken());
}

TEST(scratch_memory, of_another_thread_is_another) {
  ScratchMemory scratch;
  const auto here = scratch.take<int>(4);
  std::ranges::fill(here, 1);
  std::jthread([] {
    ScratchMemory there;
    std::ranges::fill(there.take<int>(4), 2);
  }).join();
  EXPECT_EQ(std::ranges::count(here, 1), 4);
}

TEST(scratch_memory, nested_parallel_loops_keep_theirs_apart) {
  const ThreadLimit limit(4);
  parallel_each(32, 1, [](std::size_t i) {
    ScratchMemory outer;
    const auto mine = outer.take<std::size_t>(1000);
    std::ranges::fill(mine, i);
    parallel_each(8, 1, [](std::size_t j) {
      ScratchMemory inner;
      std::ranges::fill(inner.take<std::size_t>(3000), j + 100);
    });
    EXPECT_EQ(std::ranges::count(mine, i), 1000);
  });
}

TEST(scratch_memory, refuses_to_give_from_below_the_newest) {
  ScratchMemory outer;
  const ScratchMemory inner;
  EXPECT_THROW((void)outer.take<int>(1), Error);
}

TEST(scratch_memory, the_end_of_what_was_taken_last_goes_back) {
  ScratchMemory scratch;
  const auto taken = scratch.take<int>(1000);
  const auto kept = scratch.keep_first(taken, 20);
  EXPECT_EQ(kept.data(), taken.data());
  EXPECT_EQ(kept.size(), 20U);
  EXPECT_EQ(scratch.take<int>(1).data(), taken.data() + 32);  // 64-byte aligned
  EXPECT_THROW((void)scratch.keep_first(kept, 3), Error);
  const auto nothing = scratch.take<int>(0);
  EXPECT_TRUE(scratch.keep_first(nothing, 0).empty());
  const ScratchMemory inner;
  EXPECT_THROW((void)scratch.keep_first(nothing, 0), Error);
}

TEST(scratch_memory, the_end_goes_back_where_a_nested_one_has_ended) {
  ScratchMemory scratch;
  const auto taken = scratch.take<int>(100'000);
  {
    ScratchMemory nested;
    std::ranges::fill(nested.take<int>(100'000), 7);  // another block
  }
  EXPECT_EQ(scratch.keep_first(taken, 16).data(), taken.data());
  EXPECT_EQ(scratch.take<int>(1).data(), taken.data() + 16);
}

TEST(scratch_memory, what_is_reserved_lies_in_one_piece) {
  constexpr std::size_t kPart = 102'400;
  const auto take_parts = [] {
    ScratchMemory scratch;
    scratch.reserve(8 * kPart);
    const auto* const first = scratch.take<std::uint8_t>(kPart).data();
    for (std::size_t i = 1; i < 8; ++i) {
      EXPECT_EQ(scratch.take<std::uint8_t>(kPart).data(), first + i * kPart) << i;
    }
    std::ranges::fill(scratch.take<std::uint8_t>(8 * kPart), std::uint8_t{1});  // beyond the plan
    return first;
  };
  std::jthread([&] {
    const ScratchMemory held;
    const auto* const first = take_parts();
    EXPECT_EQ(take_parts(), first);
  }).join();
}

TEST(scratch_memory, reserving_moves_nothing_that_is_in_use) {
  ScratchMemory scratch;
  const auto below = scratch.take<int>(10);
  std::ranges::fill(below, 42);
  {
    ScratchMemory nested;
    nested.reserve(std::size_t{1} << 20U);
    std::ranges::fill(nested.take<int>(std::size_t{1} << 18U), 1);
  }
  EXPECT_EQ(std::ranges::count(below, 42), 10);
  EXPECT_EQ(scratch.take<int>(1).data(), below.data() + 16);
}

TEST(scratch_memory, much_memory_stays_while_somebody_holds_it) {
  const auto first_of = [](std::size_t bytes) {
    ScratchMemory scratch;
    return scratch.take<std::uint8_t>(bytes).data();
  };
  const ScratchMemory held;
  const auto* const large = first_of(2 * ScratchMemory::kKept);
  EXPECT_EQ(large, first_of(2 * ScratchMemory::kKept));
}

TEST(scratch_memory, holds_no_more_than_the_largest_call_needed) {
  std::jthread([&] {
    const ScratchMemory held;
    const std::size_t before = allocated();
    constexpr std::size_t kStep = std::size_t{1} << 20U;
    for (std::size_t n = 1; n <= 30; ++n) {  // each beyond the plan, and larger than what is there
      ScratchMemory scratch;
      scratch.reserve(kStep);
      (void)scratch.take<std::uint8_t>(kStep);
      (void)scratch.take<std::uint8_t>(n * kStep);
    }
    EXPECT_LE(allocated() - before, 32 * kStep);
  }).join();
}

TEST(scratch_memory, much_memory_is_not_kept) {
  const auto first_of = [](std::size_t bytes) {
    ScratchMemory scratch;
    return scratch.take<std::uint8_t>(bytes).data();
  };
  std::jthread([&] {
    const auto* const small = first_of(1);
    EXPECT_EQ(small, first_of(1));
    const std::size_t before = allocated();
    (void)first_of(ScratchMemory::kKept);
    EXPECT_GE(allocated(), before + ScratchMemory::kKept / 2);  // so much is kept
    (void)first_of(ScratchMemory::kKept + 1);
    EXPECT_LE(allocated(), before);
  }).join();
}

}  // namespace
}  // namespace ptattn::test
