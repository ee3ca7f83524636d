#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/ptv3_level.hpp"
#include "ptattn/models/ptv3_weights.hpp"
#include "ptattn/models/trace.hpp"
#include "ptattn/nn/norm_order.hpp"

namespace ptattn {

/// Memory of the blocks of one pass: grows to what the largest needs and serves all others, so that
/// blocks of one stage allocate next to nothing after the first. For one pass at a time.
class Ptv3Scratch {
 public:
  Ptv3Scratch();
  ~Ptv3Scratch();
  Ptv3Scratch(const Ptv3Scratch&) = delete;
  Ptv3Scratch& operator=(const Ptv3Scratch&) = delete;

  /// Gives back what is as long as a stage has voxels: between two stages other things are.
  void end_stage();

  struct Memory;
  [[nodiscard]] Memory& memory() { return *memory_; }

 private:
  std::unique_ptr<Memory> memory_;
};

/// What the blocks of one stage share.
struct Ptv3BlockSetting {
  const Ptv3Level& level;                       ///< serialised
  std::span<const std::vector<Patch>> patches;  ///< of the level, along each order
  std::size_t heads;
  float scale;  ///< of the attention scores; 0: 1 / sqrt(c / heads)
  NormOrder norm_order;
  MatrixView angles;  ///< [n, c / heads] rotary encoding; empty: none
  /// For whoever listens to attention: positions of the tokens, and the token of each row.
  MatrixView tokens;
  std::span<const std::uint32_t> token_of;
  Ptv3Scratch& scratch;  ///< of the pass
};

/// The name under which a trace hears of a block's attention.
[[nodiscard]] std::string attention_name(const Ptv3BlockWeights& w);

/// A block of Point Transformer V3 (Wu et al. 2024, figure 4), in place:
///
///   x <- x + LN(linear(conv(y)))            conditional positional encoding (x CPE)
///   x <- x + attention(LN(x))               inside patches of a serialised order
///   x <- x + fc2(GELU(fc1(LN(x))))
///
/// or, with NormOrder::kPost, x <- LN(x + attention(x)) and x <- LN(x + fc2(GELU(fc1(x)))).
/// @param order  of setting.level.orders
/// @param y      [n, c] what the convolution sees, usually x
/// @param x      [n, c]
/// Time O(pairs c^2 + n c^2 + n patch c); memory 4 n c bytes and one patch's projections a thread.
/// Parallel over patches, and inside of them over rows and heads; the same bits for any thread
/// count.
void ptv3_block(const Ptv3BlockWeights& w, const Ptv3BlockSetting& setting, std::size_t order,
                MatrixView y, Matrix& x, const Trace& trace);

}  // namespace ptattn
