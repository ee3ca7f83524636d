#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ptattn {

/// Holds hyper-parameters of Point Transformer v1 segmentation; the defaults are those of the
/// published network for S3DIS.
struct Ptv1Config {
  /// Represents a level of resolution.
  struct Stage {
    std::size_t channels;
    std::size_t neighbors;   ///< that a point looks at, itself included
    std::size_t blocks;      ///< attention blocks of the encoder, at least 0
    std::size_t stride = 4;  ///< points of the stage before for each that is kept; not of the first
  };

  std::size_t in_channels = 6;  ///< coordinates and colours
  std::size_t num_classes = 13;
  double norm_eps = 1e-5;
  std::size_t shared_channels = 8;  ///< groups of channels that share attention weights
  std::vector<Stage> stages{{32, 8, 1}, {64, 16, 2}, {128, 16, 3}, {256, 16, 5}, {512, 16, 2}};
};

/// Reads hyper-parameters from a JSON object: in_channels, num_classes, norm_eps, share_planes, and
/// the arrays `blocks` (layers of each stage: its transition and its attention blocks), `planes`
/// (channels), `neighbors` (`nsample` in the public code) and `stride` (1, then how many points of
/// the stage before one is kept of), of one length.
///
/// Every value is bounded, so that a hostile file cannot make the network allocate gigabytes.
/// @param subject  what error messages call the text's origin
/// @throws Error(Fault::kModel)
[[nodiscard]] Ptv1Config read_ptv1_config(const std::string& hyper_parameters,
                                          const std::string& subject);

}  // namespace ptattn
