#pragma once

#include <span>

namespace ptattn {

/// Sines and cosines of angles counted in full turns, on the calling thread.
///
///   out[2 i] = sin(2 pi turns[i]),  out[2 i + 1] = cos(2 pi turns[i])
///
/// Whole turns are taken off in float64, where that is exact; what is left has polynomials of
/// float32. The error stays below 2e-7 for any finite angle, and quarter turns are exact. An angle
/// that is not finite gives NaN.
/// @param out  [2 * turns.size()]
void sincos_turns(std::span<const double> turns, float* out);

}  // namespace ptattn
