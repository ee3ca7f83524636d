#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/ptv3/level.hpp"
#include "ptattn/models/ptv3/weights.hpp"
#include "ptattn/models/trace.hpp"
#include "ptattn/nn/transformer/norm_order.hpp"

namespace ptattn {

/// Holds what the blocks of one stage share.
struct Ptv3BlockSetting {
  const Ptv3Level& level;                           ///< serialised
  std::span<const std::span<const Patch>> patches;  ///< of the level, along each order
  bool convolution;                                 ///< else a layer norm in its place
  bool attention;                                   ///< attention and perceptron follow
  std::size_t heads;
  float scale;  ///< of the attention scores; 0: 1 / sqrt(c / heads)
  NormOrder norm_order;
  MatrixView angles;  ///< [n, c / heads] rotary encoding; empty: none
  /// For listeners to attention: positions of the tokens, and the token of each row.
  MatrixView tokens;
  std::span<const std::uint32_t> token_of;
  MutableMatrixView positioned;  ///< [n, c] memory of the blocks
};

/// Holds what comes up from the coarser stage, a view: row i gets rows[cells[i]].
struct UpsampledFeatures {
  MatrixView rows;                       ///< [m, c]
  std::span<const std::uint32_t> cells;  ///< [n]; empty: nothing comes

  /// x <- x + its rows from `first` on, on the calling thread.
  void add_to(MutableMatrixView x, std::size_t first) const;
};

/// Returns true when the trace listens to a block's attention.
[[nodiscard]] bool wants_attention(const Trace& trace, const Ptv3BlockWeights& w);

/// Returns the name under which a trace hears of a block's attention.
[[nodiscard]] std::string attention_name(const Ptv3BlockWeights& w);

/// A block of Point Transformer V3 (Wu et al. 2024, figure 4), in place:
///
///   x <- x + LN(linear(conv(x)))            conditional positional encoding (x CPE)
///   x <- x + attention(LN(x))               inside patches of a serialised order
///   x <- x + fc2(GELU(fc1(LN(x))))
///
/// Without convolution, x <- LN(x) takes its place; without attention, the rest is left out
/// (LitePT, Yue et al. 2026). Or, with NormOrder::kPost, x <- LN(x + attention(x)) and x <- LN(x +
/// fc2(GELU(fc1(x)))).
/// @param order   of setting.level.orders
/// @param x       [n, c]
/// @param upsampled  added to x behind the convolution, which does not see it
/// Time O(pairs c^2 + n c^2 + n patch c); memory one patch's projections a thread. Parallel over
/// patches, and inside of them over rows and heads; the same bits for any thread count.
void ptv3_block(const Ptv3BlockWeights& w, const Ptv3BlockSetting& setting, std::size_t order,
                MutableMatrixView x, const Trace& trace, const UpsampledFeatures& upsampled = {});

}  // namespace ptattn
