#pragma once

#include <array>
#include <vector>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/files/weights.hpp"
#include "ptattn/models/pct/spct_config.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/nn/attention/offset_attention.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Holds layers of SPCT under the names of the public implementation, batch norms folded in. convs1
/// works on rows [features, their maximum, their mean, label] and is cut in two: what differs from
/// point to point, and what a cloud's points have in common.
struct SpctWeights {
  Linear conv1;                                   // [in, embed]
  Linear conv2;                                   // [embed, embed]
  std::vector<OffsetAttentionWeights> attention;  // embed -> embed, sa1, sa2, ...
  Linear conv_fuse;                               // [embed layers, fuse]
  Linear label_conv;                              // [categories, label]
  Linear convs1_point;                            // [fuse, head0]
  Linear convs1_cloud;                            // [2 fuse + label, head0], with the bias
  Linear convs2;                                  // [head0, head1]
  Linear convs3;                                  // [head1, classes]
};

/// @throws Error(Fault::kModel) naming all tensors that do not fit the configuration
[[nodiscard]] SpctWeights read_spct_weights(const SpctConfig& config, const WeightSource& source);

/// Holds SPCT (Guo et al. 2021, PCT, section 3.2), part segmentation: offset attention in series
/// over all points of an object of known category.
///
/// Clouds of a batch never see each other and are of one category. Positions beside the features
/// are not used. The trace names are those of the public implementation's modules: `sa1`, `sa2`,
/// ..., `conv_fuse`, `convs3`; rows stand cloud after cloud.
///
/// Time for n points of the published widths: 1.4 M n + 770 n^2 multiply-adds; no [n, n] matrix
/// of more than 512 points exists, unless there is a listener for attention weights. Parallel, the
/// same bits for any thread count. Intermediate results lie in the threads' ScratchMemory.
class Spct final : public PointNetwork {
 public:
  Spct(const SpctConfig& config, SpctWeights weights);

  [[nodiscard]] std::size_t in_channels() const override { return config_.in_channels; }
  [[nodiscard]] std::size_t out_channels() const override { return config_.num_classes; }
  [[nodiscard]] bool labels_points() const override { return true; }
  [[nodiscard]] std::size_t category_count() const override { return config_.num_categories; }
  [[nodiscard]] std::vector<AttentionLayer> attention_layers() const override;
  [[nodiscard]] PointOutput forward(const PointInput& input, const Trace& trace) const override;

 private:
  /// The layers up to conv_fuse; out: [n, fuse].
  void fuse(const PointInput& input, const Trace& trace, MutableMatrixView out) const;
  /// The outputs of all attention layers side by side, of x [n, c].
  void attend(const PointInput& input, MatrixView x, const Trace& trace,
              MutableMatrixView outputs) const;
  /// Returns what convs1 makes of a cloud as a whole: [1, head0].
  [[nodiscard]] MatrixView describe(MatrixView fused, std::size_t category,
                                    ScratchMemory& scratch) const;

  SpctConfig config_;
  SpctWeights weights_;
};

}  // namespace ptattn
