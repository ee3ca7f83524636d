#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace ptattn {

/// Holds hyper-parameters of SPCT part segmentation; the defaults are those of the published
/// network for the parts of ShapeNet.
struct SpctConfig {
  std::size_t in_channels = 3;  ///< coordinates
  std::size_t num_classes = 50;
  std::size_t num_categories = 16;  ///< of objects, one of which is an input
  double norm_eps = 1e-5;
  std::size_t embed_channels = 128;
  std::size_t attention_layers = 4;
  std::size_t qk_channels = 32;
  std::size_t fuse_channels = 1024;
  std::size_t label_channels = 64;
  std::array<std::size_t, 2> head_channels{512, 256};
};

/// Reads hyper-parameters from a JSON object with the names of the members as keys.
///
/// Every value is bounded, so that a hostile file cannot make the network allocate gigabytes.
/// @param subject  what error messages call the text's origin
/// @throws Error(Fault::kModel)
[[nodiscard]] SpctConfig read_spct_config(const std::string& hyper_parameters,
                                          const std::string& subject);

}  // namespace ptattn
