#pragma once

#include <cstddef>
#include <string>

#include "ptattn/models/files/weight_reader.hpp"
#include "ptattn/nn/attention/offset_attention.hpp"

namespace ptattn {

/// Returns the layers of an offset attention under the names of PCT's public implementation:
/// `k_conv` and `q_conv` (one weight, of which one may be absent), `v_conv`, `trans_conv` and
/// `after_norm`.
[[nodiscard]] OffsetAttentionWeights read_offset_attention(WeightReader& reader,
                                                           const std::string& name,
                                                           std::size_t channels,
                                                           std::size_t qk_channels);

}  // namespace ptattn
