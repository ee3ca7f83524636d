#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "ptattn/models/ptv3/config.hpp"

namespace ptattn {

/// Estimates what the blocks of a pass cost, for its progress: products of features with weights
/// and with each other, on surfaces, where a stage has a quarter of the voxels of the finer one.
class WorkEstimate {
 public:
  explicit WorkEstimate(const Ptv3Config& config) {
    for (std::size_t s = 0; s < config.encoder.size(); ++s) {
      total_ += static_cast<double>(config.encoder[s].depth) * block(config.encoder[s], s);
    }
    for (std::size_t s = 0; s < config.decoder.size(); ++s) {
      total_ += static_cast<double>(config.decoder[s].depth) * block(config.decoder[s], s);
    }
  }
  /// Returns the share of the pass that is done when one more block of stage `s` is.
  [[nodiscard]] double add(const Ptv3Config::Stage& stage, std::size_t s) {
    done_ += block(stage, s);
    return std::min(done_ / total_, 1.0);
  }

 private:
  static double block(const Ptv3Config::Stage& stage, std::size_t s) {
    constexpr double kNeighbors = 10.0;  // of a voxel of a surface
    constexpr double kMatrices = 12.0;   // c x c: queries, keys, values, output, perceptron
    const auto c = static_cast<double>(stage.channels);
    double per_voxel = stage.convolution ? kNeighbors * c * c : 0.0;
    if (stage.attention) {
      per_voxel += kMatrices * c * c + 2.0 * static_cast<double>(stage.patch_size) * c;
    }
    return per_voxel * std::pow(0.25, static_cast<double>(s));
  }

  double done_ = 0.0;
  double total_ = 0.0;
};

}  // namespace ptattn
