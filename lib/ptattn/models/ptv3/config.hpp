#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ptattn/nn/transformer/norm_order.hpp"
#include "ptattn/sampling/curve.hpp"

namespace ptattn {

/// Represents the three published variants of Point Transformer V3, and the network derived from
/// the first.
enum class Ptv3Mode {
  kBase,    ///< m1: convolutional stem, batch norm between stages, cells halved along the curve
  kSonata,  ///< m2: linear stem, layer norm everywhere, cells of a grid (also Concerto)
  kUtonia,  ///< m3: as m2, and a rotary encoding of the coordinates
  kLitept,  ///< LitePT: stem and norms of m1, cells of a grid, a rotary encoding of the cells
};

/// Returns true where batch norms stand between stages and a convolution is the stem.
[[nodiscard]] constexpr bool has_batch_norms(Ptv3Mode mode) {
  return mode == Ptv3Mode::kBase || mode == Ptv3Mode::kLitept;
}
/// Returns true where queries and keys are turned with coordinates.
[[nodiscard]] constexpr bool has_rotary_encoding(Ptv3Mode mode) {
  return mode == Ptv3Mode::kUtonia || mode == Ptv3Mode::kLitept;
}

/// Holds hyper-parameters of Point Transformer V3 under the names of the public implementation; the
/// defaults are those of its 46 M parameter network.
struct Ptv3Config {
  /// Holds blocks of one resolution.
  struct Stage {
    std::size_t depth;     ///< blocks
    std::size_t channels;  ///< a multiple of heads
    std::size_t heads;
    std::size_t patch_size;    ///< most voxels that attend to each other
    bool convolution = true;   ///< blocks have one, else a layer norm in its place
    bool attention = true;     ///< blocks have attention and a perceptron
    double rope_base = 100.0;  ///< of LitePT's rotary encoding

    /// Returns blocks with attention.
    [[nodiscard]] std::size_t attending() const { return attention ? depth : 0; }
    /// Returns blocks with a convolution.
    [[nodiscard]] std::size_t convolving() const { return convolution ? depth : 0; }
  };

  Ptv3Mode mode = Ptv3Mode::kBase;
  std::size_t in_channels = 6;
  std::vector<Curve> order{Curve::kZ, Curve::kZTrans, Curve::kHilbert, Curve::kHilbertTrans};
  std::vector<Stage> encoder{{2, 32, 2, 1024},
                             {2, 64, 4, 1024},
                             {2, 128, 8, 1024},
                             {6, 256, 16, 1024},
                             {2, 512, 32, 1024}};
  std::vector<std::size_t> stride{2, 2, 2, 2};  ///< between the stages of the encoder
  std::vector<Stage> decoder{
      {2, 64, 4, 1024}, {2, 64, 4, 1024}, {2, 128, 8, 1024}, {2, 256, 16, 1024}};  ///< finest first
  bool enc_mode = false;     ///< encoder only: features of the coarsest voxels
  bool enable_rpe = false;   ///< relative encoding by a table over grid steps
  bool layer_scale = false;  ///< both branches of a block are scaled channel by channel
  bool mask_token = false;   ///< the weights hold one; unused at inference
  bool qkv_bias = true;
  double qk_scale = 0.0;  ///< factor of the attention scores; 0: 1 / sqrt(channels of a head)
  NormOrder norm_order = NormOrder::kPre;  ///< `pre_norm`: of attention and MLP in a block
  double mlp_ratio = 4.0;
  double rope_base = 10.0;                 ///< mode m3
  double norm_eps = 1e-3;                  ///< of batch norms; layer norms have 1e-5
  std::optional<std::size_t> num_classes;  ///< absent: as the weights say

  /// The orders of each stage where they differ from `order`; empty: they do not. Block i of the
  /// encoder's and the decoder's stage s goes through stage_orders[s][i mod their number].
  ///
  /// The public implementation shuffles them at every pooling unless configured otherwise; this
  /// says how.
  std::vector<std::vector<Curve>> stage_orders;
  /// How patches are cut where it matters: in a batch of clouds, and where the decoder's differ
  /// from the encoder's (`decoder_regroups`). False: a cloud of no more voxels than a patch is one
  /// patch of its own size (the public implementation with flash attention). True: no patch has
  /// more voxels than the batch's smallest cloud (without).
  bool patch_of_smallest_cloud = false;
};

/// Returns the orders of stage `stage`.
[[nodiscard]] const std::vector<Curve>& orders_of(const Ptv3Config& config, std::size_t stage);

/// Reads hyper-parameters from a JSON object. Keys are those of the public implementation
/// (`enc_depths`, `enc_channels`, `enc_num_head`, `enc_patch_size`, `dec_...`, `stride`, `order`,
/// ...), those of Ptv3Config and some that change nothing at inference (`drop_path`, ...);
/// `cls_mode` is the older name of `enc_mode`. What the public implementation can do and this
/// cannot, such as normalisation by data set (`pdnorm_bn`), is refused. Every value is bounded, so
/// that a hostile file cannot make the network allocate gigabytes.
/// @param hyper_parameters  JSON text
/// @param subject           what error messages call its origin
/// @throws Error(Fault::kModel)
[[nodiscard]] Ptv3Config read_ptv3_config(const std::string& hyper_parameters, Ptv3Mode mode,
                                          const std::string& subject);

}  // namespace ptattn
