#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/files/weights.hpp"
#include "ptattn/models/point_network.hpp"

namespace ptattn {

/// Tensors of a model file that make a network's head one of attention.
inline constexpr std::string_view kHeadScale = "head.scale";    // [c]
inline constexpr std::string_view kHeadKeys = "head.keys";      // [m, c]
inline constexpr std::string_view kHeadValues = "head.values";  // [m, classes]

/// Represents the examples that an attention head looks at.
struct KernelHeadWeights {
  std::vector<float> scale;  ///< [c] learnt widths: 1 / bandwidth of each channel
  Matrix keys;               ///< [m, c] features of examples, times `scale`
  Matrix values;             ///< [m, classes] what they are, >= 0, times their weight
};

/// Represents a network whose head is attention over labelled examples instead of a matrix: kernel
/// regression (Nadaraya 1964; Watson 1964) with the features that the head would see as queries.
///
///   score_c(x) = ln sum_i softmax_i(-|s x - k_i|^2 / 2) v_ic
///
/// The softmax of the scores is the weighted share of each class among the examples around x. Far
/// from all examples the nearest one decides. Time of a forward pass: that of the network and
/// O(n m (c + classes)).
class KernelHead final : public PointNetwork {
 public:
  /// @param features  a network that gives features, see make_feature_network of registry.hpp
  /// @throws Error(Fault::kUsage) when the shapes do not fit each other
  KernelHead(std::unique_ptr<PointNetwork> features, KernelHeadWeights weights);

  [[nodiscard]] std::size_t in_channels() const override { return features_->in_channels(); }
  [[nodiscard]] std::size_t out_channels() const override { return weights_.values.cols(); }
  [[nodiscard]] bool labels_points() const override { return true; }
  [[nodiscard]] bool needs_grid() const override { return features_->needs_grid(); }
  [[nodiscard]] std::size_t bytes_per_point() const override {
    return features_->bytes_per_point();
  }
  [[nodiscard]] std::size_t most_voxels() const override { return features_->most_voxels(); }
  [[nodiscard]] std::uint32_t cell_edge() const override { return features_->cell_edge(); }
  [[nodiscard]] std::vector<AttentionLayer> attention_layers() const override {
    return features_->attention_layers();
  }
  [[nodiscard]] PatchCuts cuts_of(std::span<const Cell> cells) const override {
    return features_->cuts_of(cells);
  }
  [[nodiscard]] std::vector<PatchGrid> patch_grids(const Cell& largest) const override {
    return features_->patch_grids(largest);
  }
  [[nodiscard]] PointOutput forward(const PointInput& input, const Trace& trace) const override;

 private:
  std::unique_ptr<PointNetwork> features_;
  KernelHeadWeights weights_;
};

/// Returns true when a model file has an attention head.
[[nodiscard]] bool has_kernel_head(const WeightSource& weights);

/// Reads the tensors of an attention head.
/// @throws Error(Fault::kModel) when one is missing, misshapen, negative or not finite
[[nodiscard]] KernelHeadWeights read_kernel_head(const WeightSource& weights);

}  // namespace ptattn
