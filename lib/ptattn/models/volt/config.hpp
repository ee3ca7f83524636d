#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace ptattn {

/// Holds hyper-parameters of Volt under the names of the public implementation; the defaults are
/// those of Volt-S.
struct VoltConfig {
  /// Channels of a head, which share 12 pairs with x, 12 with y and 8 with z.
  static constexpr std::size_t kHeadChannels = 64;

  std::size_t in_channels = 6;
  std::size_t embed_dim = 384;  ///< channels of a token, kHeadChannels a head
  std::size_t depth = 12;       ///< blocks
  std::size_t num_heads = 6;
  double mlp_ratio = 4.0;
  bool layer_scale = false;      ///< `init_values` is a number: both branches are scaled
  bool qk_norm = true;           ///< queries and keys of each head are layer-normalised
  std::size_t stride = 5;        ///< voxels along the edge of a token's cell; `kernel_size` as well
  std::size_t up_mlp_dim = 128;  ///< channels of the decoder
  std::optional<std::size_t> num_classes;  ///< absent: as the weights say
  std::string condition = "Default";       ///< whose head labels the points

  /// Returns the voxels that a token has room for.
  [[nodiscard]] std::size_t slots() const { return stride * stride * stride; }
  /// Returns channels between the two layers of a block's perceptron.
  [[nodiscard]] std::size_t hidden() const {
    return static_cast<std::size_t>(static_cast<double>(embed_dim) * mlp_ratio);
  }
};

/// Reads hyper-parameters from a JSON object, whose keys are those of VoltConfig, `init_values`,
/// `kernel_size` and some that change nothing at inference (`drop_path`, ...). Every value is
/// bounded, so that a hostile file cannot make the network allocate gigabytes.
/// @param hyper_parameters  JSON text
/// @param subject           what error messages call its origin
/// @throws Error(Fault::kModel)
[[nodiscard]] VoltConfig read_volt_config(const std::string& hyper_parameters,
                                          const std::string& subject);

}  // namespace ptattn
