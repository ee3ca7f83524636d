#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/models/point_network.hpp"
#include "ptattn/models/trace.hpp"
#include "ptattn/models/volt/config.hpp"
#include "ptattn/models/volt/weights.hpp"

namespace ptattn {

/// Represents Volt, the plain Transformer over tokens of voxels (Yilmaz et al., ECCV 2026).
///
///   t = tokenizer(voxels)                       a linear layer of stride^3 slots for each cell
///   t <- t + attention(LN(t)), t <- t + fc2(GELU(fc1(LN(t))))     `depth` times
///   v = GELU(BN(unembed(GELU(BN(pre(GELU(BN(t))))))))             each voxel its slot
///
/// Attention is global: all tokens of a cloud attend to each other, turned by the integer cells of
/// the tokens, 12 pairs of a head's channels with x, 12 with y, 8 with z at frequencies
/// 100^(-j / (count - 1)). Time grows with the square of the tokens; scenes are cut into tiles of
/// whole tokens (cell_edge, most_voxels). No matrix of scores exists.
///
/// The trace names are those of the public implementation's modules: `tokenizer`, `blocks.0`, ...,
/// `decoder`; attention layers are called `blocks.0.attn`, .... Tokens come in the order of cloud,
/// x, y, z; rows of `decoder` are those of the input. Outputs: class scores, one row an input row.
///
/// In bfloat16 (round_to_bf16) and in 8 bits (quantize) compute the layers of the blocks, as in
/// Ptv3; tokenizer, decoder and head stay float32.
///
/// The same bits for any thread count. Intermediate results lie in the threads' ScratchMemory; a
/// pass allocates only what it returns once another of its size went before.
class Volt final : public PointNetwork {
 public:
  Volt(VoltConfig config, VoltWeights weights);

  [[nodiscard]] std::size_t in_channels() const override { return config_.in_channels; }
  [[nodiscard]] std::size_t out_channels() const override {
    return weights_.seg_head.weight.cols();
  }
  [[nodiscard]] bool labels_points() const override { return true; }
  [[nodiscard]] bool needs_grid() const override { return true; }
  /// Returns an upper estimate for surfaces, whose tokens hold six voxels or more.
  [[nodiscard]] std::size_t bytes_per_point() const override;
  /// Returns the some ten thousand tokens of a surface, with which attention takes about as long as
  /// the rest.
  [[nodiscard]] std::size_t most_voxels() const override { return std::size_t{1} << 17U; }
  [[nodiscard]] std::uint32_t cell_edge() const override {
    return static_cast<std::uint32_t>(config_.stride);
  }
  [[nodiscard]] std::vector<AttentionLayer> attention_layers() const override;
  /// @throws Error(Fault::kUsage) when shapes do not fit, a cell is negative or beyond the grid, or
  ///         `ends` do not ascend to n
  [[nodiscard]] PointOutput forward(const PointInput& input, const Trace& trace) const override;

 private:
  VoltConfig config_;
  VoltWeights weights_;
};

}  // namespace ptattn
