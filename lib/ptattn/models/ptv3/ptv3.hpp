#pragma once

#include <memory>
#include <vector>

#include "ptattn/models/point_network.hpp"
#include "ptattn/models/ptv3/config.hpp"
#include "ptattn/models/ptv3/weights.hpp"

namespace ptattn {

/// Holds Point Transformer V3 (Wu et al. 2024) with its descendants Sonata, Concerto (mode m2) and
/// Utonia (mode m3), for segmentation and for features.
///
/// Voxels are serialised along space-filling curves; attention acts inside patches of consecutive
/// voxels, a sparse convolution before it tells them where they are. An encoder pools voxels 2 x 2
/// x 2 (or by its strides), a decoder with skip connections leads back.
///
/// Inputs: one row a voxel, PointInput::grid its cell, below 2^16 - 1; every voxel once (of voxels
/// that occur again, convolutions see the first). Positions matter to m3 alone, in metres. Outputs:
/// one row an input row; with enc_mode the coarsest voxels, in the order of the public code.
///
/// The trace names are those of the public implementation's modules: `embedding`,
/// `enc.enc0.block0`, `enc.enc1.down`, ..., `dec.dec3.up`, `dec.dec3.block0`, ...; attention layers
/// are called `enc.enc0.block0.attn`, .... Rows of the finest stage are those of the input.
///
/// As in the public code, the first convolution of a decoder stage of m1 sees the skip connection
/// only, not its sum with what comes from the coarser stage; its trained weights expect that.
///
/// In bfloat16 (round_to_bf16) the products of all blocks, of their attention and between stages
/// multiply rounded numbers. In 8 bits (quantize) linear layers and convolutions of all blocks and
/// between stages have 8-bit weights, a scale for each output channel, and 7-bit inputs, a scale
/// for each row, found when the row is known: nothing needs calibration data. Float32 remain the
/// stem, whose inputs are channels such as heights; the head, which decides; norms, softmax, biases
/// and sums with residuals; and attention, but where the CPU has products of bfloat16 it takes
/// these.
///
/// Time of the 46 M parameter network for 100 000 voxels: some 300 G floating-point operations;
/// the same bits for any thread count. Lists and intermediate results lie in the threads'
/// ScratchMemory, planned at the beginning: once a pass of its size went before and a ScratchMemory
/// is held, a pass allocates only what it returns.
class Ptv3 final : public PointNetwork {
 public:
  /// @param weights  read for this configuration; networks that differ in `order`, `stage_orders`
  ///                 or `patch_of_smallest_cloud` can share them
  Ptv3(Ptv3Config config, std::shared_ptr<const Ptv3Weights> weights);

  [[nodiscard]] std::size_t in_channels() const override { return config_.in_channels; }
  [[nodiscard]] std::size_t out_channels() const override;
  [[nodiscard]] bool labels_points() const override;
  [[nodiscard]] bool needs_grid() const override { return true; }
  /// Returns what ptv3_memory_plan says for a voxel.
  [[nodiscard]] std::size_t bytes_per_point() const override;
  [[nodiscard]] std::vector<AttentionLayer> attention_layers() const override;
  [[nodiscard]] PatchCuts cuts_of(std::span<const Cell> cells) const override;
  [[nodiscard]] std::vector<PatchGrid> patch_grids(const Cell& largest) const override;
  /// @throws Error(Fault::kUsage) when shapes do not fit, a cell is negative or beyond the grid, or
  ///         `ends` do not ascend to n
  [[nodiscard]] PointOutput forward(const PointInput& input, const Trace& trace) const override;

 private:
  Ptv3Config config_;
  std::shared_ptr<const Ptv3Weights> weights_;
};

}  // namespace ptattn
