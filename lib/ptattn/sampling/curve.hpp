#pragma once

#include <array>
#include <cstdint>

namespace ptattn {

/// Space-filling curves through a grid of 2^depth cells a side. "Trans" swaps x and y.
enum class Curve { kZ, kZTrans, kHilbert, kHilbertTrans };

/// Place of a cell along a curve: 3 depth bits.
///
/// Z order (Morton 1966): the bits of x, y, z interleaved from the most significant on, x first.
/// Hilbert: Skilling 2004, "Programming the Hilbert curve", with the most significant bit first.
/// @param cell   each coordinate below 2^depth
/// @param depth  1 to 21
[[nodiscard]] std::uint64_t curve_code(Curve curve, const std::array<std::uint32_t, 3>& cell,
                                       int depth);

}  // namespace ptattn
