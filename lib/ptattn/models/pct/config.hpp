#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace ptattn {

/// Holds hyper-parameters of PCT classification; the defaults are those of the published network.
struct PctConfig {
  /// Represents a stage of sampling and grouping.
  struct Group {
    std::size_t points;     ///< sampled by farthest point sampling
    std::size_t neighbors;  ///< nearest points that each of them looks at, itself included
    std::size_t channels;
  };

  std::size_t num_classes = 40;
  double norm_eps = 1e-5;
  std::size_t embed_channels = 64;
  std::array<Group, 2> groups{{{512, 32, 128}, {256, 32, 256}}};
  std::size_t attention_layers = 4;
  std::size_t qk_channels = 64;
  std::size_t fuse_channels = 1024;
  std::array<std::size_t, 2> head_channels{512, 256};
  /// The variant with positions (architecture pct_cls_posenc): an encoding of the coordinates is
  /// added before every attention layer, and the second point-wise layer before them is absent.
  bool position_encoding = false;
};

/// Reads hyper-parameters from a JSON object.
///
/// Every value is bounded, so that a hostile file cannot make the network allocate gigabytes; a
/// group must not ask for more points or neighbours than the stage before it has.
/// @param hyper_parameters  JSON text
/// @param subject           what error messages call its origin
/// @throws Error(Fault::kModel)
[[nodiscard]] PctConfig read_pct_config(const std::string& hyper_parameters, bool position_encoding,
                                        const std::string& subject);

}  // namespace ptattn
