#pragma once

namespace ptattn::test {

// What tests must know of the sanitizers that they were built with. They leave out or stretch three
// kinds of things and nothing else; each place names the constant that says so:
//
// - limits on address space (`ulimit -v`, RLIMIT_AS), on stacks and on threads: sanitizers reserve
//   terabytes and start a thread of their own (kSanitized); limits on open files: the one of
//   undefined behaviour learns by a pipe whether an address exists (kNeedsFiles);
// - memory that ends by a preloaded allocator: sanitizers bring an allocator that comes before it
//   (kSanitized);
// - limits on processor time are longer (kSlowdown).

#if defined(__has_feature)
#define PTATTN_TEST_HAS(feature) __has_feature(feature)
#else
#define PTATTN_TEST_HAS(feature) 0
#endif

#if defined(__SANITIZE_THREAD__) || PTATTN_TEST_HAS(thread_sanitizer)
inline constexpr bool kSanitized = true;
inline constexpr bool kNeedsFiles = false;
inline constexpr int kSlowdown = 20;
#elif defined(__SANITIZE_ADDRESS__) || PTATTN_TEST_HAS(address_sanitizer)
inline constexpr bool kSanitized = true;
inline constexpr bool kNeedsFiles = true;
inline constexpr int kSlowdown = 6;
#else
inline constexpr bool kSanitized = false;
inline constexpr bool kNeedsFiles = false;
inline constexpr int kSlowdown = 1;
#endif

#undef PTATTN_TEST_HAS

}  // namespace ptattn::test
