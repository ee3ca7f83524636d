#pragma once

#include <cstdint>

#include "ptattn/core/cpu_level.hpp"

namespace ptattn {

/// Names what a step of a matrix product multiplies and adds. In bfloat16 a step takes two rows of
/// b, the second first: c + a_1 b_1, rounded, then + a_0 b_0, rounded, where products are not. The
/// instruction of AVX-512 does just that (measured; except that it takes numbers below 2^-126 for
/// zero), so that two multiply-adds stand in for it with the same bits.
enum class Product : std::uint8_t {
  kFloat32,
  kBf16,      ///< by multiply-adds
  kBf16Unit,  ///< by the instruction
};

/// Returns how this CPU does products of bfloat16. Kernels of levels without the instruction take
/// kBf16Unit for kBf16.
[[nodiscard]] inline Product bf16_product() {
  return cpu_has_bf16() ? Product::kBf16Unit : Product::kBf16;
}

}  // namespace ptattn
