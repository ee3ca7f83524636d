#pragma once

#include <string>
#include <vector>

#include "ptattn/models/files/weights.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/models/ptv1/config.hpp"
#include "ptattn/nn/attention/vector_attention.hpp"
#include "ptattn/nn/batch_norm.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Represents a residual block around vector attention.
struct Ptv1Block {
  Linear linear1;  // [c, c], with bn1
  VectorAttentionWeights attention;
  Affine bn2;      // [c]
  Linear linear3;  // [c, c], with bn3
};

/// Holds the transition to fewer points: the layer over rows [p_j - p_i, f_j], cut in two.
struct Ptv1Down {
  Linear position;  // [3, c], with the bias; empty in the first stage, which keeps all points
  Linear feature;   // [c before, c]
};

/// Holds the transition back to more points; the last stage's instead adds the mean of its cloud.
struct Ptv1Up {
  Linear linear1;  // [c, c] of the finer level; last stage: [c, c], of the rows themselves
  Linear linear2;  // [c coarse, c]; last stage: [c, c] of the mean
  Linear mean;     // last stage: [c, c], the part of linear1 that takes linear2's result
};

struct Ptv1Weights {
  std::vector<Ptv1Down> down;                  // enc1.0, enc2.0, ...
  std::vector<std::vector<Ptv1Block>> blocks;  // enc1.1, enc1.2, ...
  std::vector<Ptv1Up> up;                      // dec1.0, dec2.0, ...
  std::vector<Ptv1Block> decoder_block;        // dec1.1, dec2.1, ...
  Linear head;                                 // cls.0 and cls.1
  Linear classes;                              // cls.3
};

/// @throws Error(Fault::kModel) naming all tensors that do not fit the configuration
[[nodiscard]] Ptv1Weights read_ptv1_weights(const Ptv1Config& config, const WeightSource& source);

/// Holds Point Transformer (Zhao et al. 2021), semantic segmentation: a U-Net of vector attention
/// over nearest neighbours, with farthest point sampling to a quarter (or as the stride says) of
/// the points between its levels.
///
/// Clouds of a batch never see each other. A cloud of n points has max(1, n / 4) on the next level;
/// where it has fewer points than a layer wants neighbours, all of them are the neighbours.
///
/// The trace names are those of the public implementation's modules: `enc1.0` (transition),
/// `enc1.1` (block), ..., `dec5.0`, `dec5.1`, ..., `dec1.1`, `cls`; rows stand cloud after cloud.
/// The attention of a block, such as `enc1.1`, has a head for each of its shared weights and is
/// reported query by query.
///
/// 0.4 G multiply-adds for 9000 points; parallel, the same bits for any thread count. Intermediate
/// results lie in the threads' ScratchMemory: a pass allocates what it returns.
class Ptv1 final : public PointNetwork {
 public:
  Ptv1(Ptv1Config config, Ptv1Weights weights);

  [[nodiscard]] std::size_t in_channels() const override { return config_.in_channels; }
  [[nodiscard]] std::size_t out_channels() const override { return config_.num_classes; }
  [[nodiscard]] bool labels_points() const override { return true; }
  [[nodiscard]] std::vector<AttentionLayer> attention_layers() const override;
  [[nodiscard]] PointOutput forward(const PointInput& input, const Trace& trace) const override;

 private:
  struct Level;

  [[nodiscard]] Level first_level(const PointInput& input, ScratchMemory& scratch) const;
  [[nodiscard]] Level next_level(const Level& level, std::size_t stage,
                                 ScratchMemory& scratch) const;
  void run_block(const Ptv1Block& block, const Level& level, const std::string& name,
                 const Trace& trace) const;
  void attend(const Ptv1Block& block, const Level& level, MatrixView x, const std::string& name,
              const Trace& trace, MutableMatrixView out) const;
  void add_mean(const Level& level) const;
  void add_coarser(const Level& coarse, std::size_t stage, const Level& level) const;

  Ptv1Config config_;
  Ptv1Weights weights_;
};

}  // namespace ptattn
