#pragma once

#include <algorithm>

#include "ptattn/core/cpu_level.hpp"

// x86-64 CPUs from AVX2 on count zeros and shift by any number in one instruction each, which is a
// good part of what decoding waits for. A function marked PTATTN_LAZ_FAST_BITS may use them, and so
// may what [[gnu::flatten]] makes a part of it; all else runs on any CPU.
#if defined(__x86_64__)
#define PTATTN_LAZ_FAST_BITS [[gnu::target("avx2,bmi,bmi2,lzcnt")]]
#else
#define PTATTN_LAZ_FAST_BITS
#endif

namespace ptattn::io::las::laz {

/// Returns true where functions so marked may be called.
[[nodiscard]] inline bool has_fast_bits() {
  return std::ranges::count(cpu_levels(), "avx2") != 0;
}

}  // namespace ptattn::io::las::laz
