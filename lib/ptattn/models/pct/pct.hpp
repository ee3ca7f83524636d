#pragma once

#include <array>
#include <vector>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/classifier.hpp"
#include "ptattn/models/files/weights.hpp"
#include "ptattn/models/pct/config.hpp"
#include "ptattn/nn/attention/offset_attention.hpp"
#include "ptattn/nn/grouping.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Holds layers of PCT under the names of the public implementation, batch norms folded in.
struct PctWeights {
  Linear conv1;                                   // [3, embed]
  Linear conv2;                                   // [embed, embed]
  std::array<GroupingWeights, 2> gather_local;    // embed -> c0 -> c1
  Linear last_conv1;                              // [c1, c1]
  Linear last_conv2;                              // [c1, c1]; not in the variant with positions
  Linear pos_xyz;                                 // [3, c1]; only in the variant with positions
  std::vector<OffsetAttentionWeights> attention;  // c1 -> c1
  Linear conv_fuse;                               // [c1 (layers + 1), fuse]
  std::array<Linear, 3> linear;                   // fuse -> head0 -> head1 -> classes
};

/// @throws Error(Fault::kModel) naming all tensors that do not fit the configuration
[[nodiscard]] PctWeights read_pct_weights(const PctConfig& config, const WeightSource& source);

/// Rounds the weights of the large layers to bfloat16: those that PctInt8 has in 8 bits.
void round_to_bf16(PctWeights& weights);

/// Holds PCT: Point Cloud Transformer (Guo et al. 2021), classification.
///
/// Two stages of sampling and grouping, offset attention in series over the points that are left,
/// the maximum over all points, three fully connected layers.
///
/// The trace names are those of the public implementation's modules, each with what that module
/// returns: `bn1`, `bn2`, `gather_local_0`, `gather_local_1`, `pt_last.bn1`, `pt_last.bn2` or
/// `pt_last.pos_xyz`, `pt_last.sa1`, ..., `pt_last` (all of them side by side), `conv_fuse`, `bn6`,
/// `bn7`, `linear3`; besides `fps<count>`, the indices sampled by each stage. What batch norm takes
/// in exists no more, as it is folded into the weights. Listeners to attention get, for the layers
/// `pt_last.sa<i>`, the weights of offset_attention over the points that the last stage sampled.
///
/// Time for the published widths: 1.4 G multiply-adds a cloud; parallel over rows, the same bits
/// for any thread count. Intermediate results lie in the threads' ScratchMemory: a pass allocates
/// nothing but what it returns, once the threads have seen a cloud of that size.
class Pct final : public Classifier {
 public:
  Pct(const PctConfig& config, PctWeights weights);

  [[nodiscard]] std::size_t class_count() const override { return config_.num_classes; }
  [[nodiscard]] std::size_t min_points() const override { return config_.groups[0].points; }
  [[nodiscard]] std::vector<AttentionLayer> attention_layers() const override;
  [[nodiscard]] Matrix logits(MatrixView points, const Trace& trace) const override;

 private:
  PctConfig config_;
  PctWeights weights_;
};

}  // namespace ptattn
