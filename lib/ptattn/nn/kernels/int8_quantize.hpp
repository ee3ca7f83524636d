#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/byte_rows.hpp"

namespace ptattn {

/// Rows [begin, begin + x.rows) of `out` become those of x in 7 bits, on the calling thread:
///
///   lo = min(0, x[i, :]),  hi = max(0, x[i, :]),  scale = (hi - lo) / 127
///   zero = round(-lo / scale),  out[i, k] = min(round(x[i, k] / scale) + zero, 127)
///
/// Each row has a scale of its own, so an error is at most half a 127th of the row's range. Zero is
/// zero exactly, and rows without negative values, as rectifiers leave them, use all of the 7 bits.
/// A row whose range is below 1e-30 becomes zeros.
/// @param x  [m, out.cols], finite
void quantize_rows(MatrixView x, std::size_t begin, MutableByteRowsView out);

/// The same for rows that gather_add_relu would make, which are never written in float32:
///
///   h[r] = max(x[indices[r]] + center, 0),  scale = max h / 127,  zero = 0
///
/// All rows share the scale: they compete for the maximum over a neighbourhood, in which a scale of
/// its own would give small rows a precision that is lost.
/// @param x        [n, out.cols], finite
/// @param indices  at most out.rows, each below n; row r of `out` is that of indices[r]
/// @param center   [out.cols]
void gather_quantize(MatrixView x, std::span<const std::uint32_t> indices, const float* center,
                     MutableByteRowsView out);

}  // namespace ptattn
