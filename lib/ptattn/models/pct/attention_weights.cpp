#include "ptattn/models/pct/attention_weights.hpp"

namespace ptattn {

OffsetAttentionWeights read_offset_attention(WeightReader& reader, const std::string& name,
                                             std::size_t channels, std::size_t qk_channels) {
  const LayerParts with_norm{.bias = true, .norm = name + ".after_norm"};
  return {
      Linear(reader.shared_dense(name + ".k_conv", name + ".q_conv", channels, qk_channels)),
      Linear(reader.dense(name + ".v_conv", channels, channels, {.bias = true, .norm = ""})),
      Linear(reader.dense(name + ".trans_conv", channels, channels, with_norm)),
  };
}

}  // namespace ptattn
