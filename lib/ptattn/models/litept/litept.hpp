#pragma once

#include <string>

#include "ptattn/models/ptv3/config.hpp"

namespace ptattn {

/// Reads the hyper-parameters of LitePT (Yue et al., CVPR 2026) as those of a Point Transformer V3
/// whose stages convolve early and attend late.
///
/// What LitePT has of Point Transformer V3: stem, curves, patches padded from the one before,
/// pooling to the largest value and the way back. What differs is a matter of configuration
/// (Ptv3Mode::kLitept and the switches of a stage):
///
///   - a block convolves or not, and attends or not: x <- x + LN(linear(conv(x))) or x <- LN(x),
///     then x <- x + attention(LN(x)) and x <- x + fc2(GELU(fc1(LN(x)))), or nothing;
///   - queries and keys are turned with the integer cells of the stage, a third of a head for each
///     axis: angle_i = cell * base^(-i / Q), i = 0 ... Q - 1, Q a sixth of the head's width, with a
///     base of each stage's own (`enc_rope_freq`, `dec_rope_freq`);
///   - cells of coarser stages are those of a grid, each stage's orders are of its own cells, and
///     the first convolution of the decoder sees the sum with what comes from below.
///
/// Keys are those of the public implementation: those of read_ptv3_config and `enc_conv`,
/// `enc_attn`, `enc_rope_freq`, `dec_conv`, `dec_attn`, `dec_rope_freq`; the defaults are those of
/// LitePT-S. The public code shuffles the orders at every pooling; here they stay.
/// @param hyper_parameters  JSON text
/// @param subject           what error messages call its origin
/// @throws Error(Fault::kModel)
[[nodiscard]] Ptv3Config read_litept_config(const std::string& hyper_parameters,
                                            const std::string& subject);

}  // namespace ptattn
