#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/cell.hpp"

namespace ptattn {

/// Holds space-filling curves through a grid of 2^depth cells a side. "Trans" swaps x and y.
enum class Curve { kZ, kZTrans, kHilbert, kHilbertTrans };

/// The most bits of a coordinate for which a code fits into 64 bits.
inline constexpr int kMaxCurveDepth = 21;

/// Returns the position of a cell along a curve: 3 depth bits.
///
/// Z order (Morton 1966): the bits of x, y, z interleaved from the most significant on, x first.
/// Hilbert: Skilling 2004, "Programming the Hilbert curve", with the most significant bit first.
/// On either, code >> 3 is the code of cell / 2 in the grid of depth - 1.
/// @param cell   each coordinate below 2^depth
/// @param depth  1 to 21
/// Time O(1) on Z curves, O(depth) on Hilbert curves.
[[nodiscard]] std::uint64_t curve_code(Curve curve, const Cell& cell, int depth);

/// Computes the codes of many cells, in parallel.
/// @param cells  [n]
/// @param codes  [n], written
/// Time O(n depth), some 30 ns a cell for Hilbert curves.
void curve_codes(Curve curve, std::span<const Cell> cells, int depth,
                 std::span<std::uint64_t> codes);

}  // namespace ptattn
