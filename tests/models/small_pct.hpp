#pragma once

#include <string>

#include "formula_weights.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {

/// Hyper-parameters of a PCT so small that a forward pass takes a millisecond.
inline const std::string kSmallPct = R"({"num_classes": 3, "norm_eps": 1e-5, "embed_channels": 4,
  "groups": [{"points": 24, "neighbors": 8, "channels": 6},
             {"points": 16, "neighbors": 4, "channels": 8}],
  "attention_layers": 2, "qk_channels": 4, "fuse_channels": 10, "head_channels": [7, 5]})";

/// Names and shapes of its tensors, as the published implementation would store them.
inline FormulaWeights::Shapes small_pct_shapes() {
  FormulaWeights::Shapes shapes;
  const auto conv = [&](const std::string& name, std::size_t in, std::size_t out, bool bias) {
    shapes[name + ".weight"] = {out, in, 1};
    if (bias) shapes[name + ".bias"] = {out};
  };
  const auto norm = [&](const std::string& name, std::size_t channels) {
    for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
      shapes[name + part] = {channels};
    }
  };
  const auto conv_norm = [&](const std::string& prefix, const std::string& number, std::size_t in,
                             std::size_t out) {
    conv(prefix + "conv" + number, in, out, false);
    norm(prefix + "bn" + number, out);
  };
  conv_norm("", "1", 3, 4);
  conv_norm("", "2", 4, 4);
  conv_norm("gather_local_0.", "1", 8, 6);
  conv_norm("gather_local_0.", "2", 6, 6);
  conv_norm("gather_local_1.", "1", 12, 8);
  conv_norm("gather_local_1.", "2", 8, 8);
  conv_norm("pt_last.", "1", 8, 8);
  conv_norm("pt_last.", "2", 8, 8);
  for (const std::string name : {"pt_last.sa1", "pt_last.sa2"}) {
    conv(name + ".q_conv", 8, 4, false);
    conv(name + ".k_conv", 8, 4, false);
    conv(name + ".v_conv", 8, 8, true);
    conv(name + ".trans_conv", 8, 8, true);
    norm(name + ".after_norm", 8);
  }
  conv("conv_fuse.0", 24, 10, false);
  norm("conv_fuse.1", 10);
  shapes["linear1.weight"] = {7, 10};
  norm("bn6", 7);
  shapes["linear2.weight"] = {5, 7};
  shapes["linear2.bias"] = {5};
  norm("bn7", 5);
  shapes["linear3.weight"] = {3, 5};
  shapes["linear3.bias"] = {3};
  return shapes;
}

inline FormulaWeights small_pct_weights() {
  return {small_pct_shapes(), "", "weights.safetensors"};
}

/// `n` points in the unit cube.
inline Matrix cube(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  Matrix points(n, 3);
  for (float& x : points.values()) x = static_cast<float>(random.uniform() - 0.5);
  return points;
}

}  // namespace ptattn::test
