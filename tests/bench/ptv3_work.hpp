#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "ptattn/models/ptv3/config.hpp"

namespace ptattn_bench {

/// What a stage of Point Transformer V3 (mode m1) has to do.
struct StageWork {
  std::size_t voxels = 0;
  double multiply_adds = 0.0;  ///< of products: convolutions over occupied places, linear layers,
                               ///< attention; no norms, activations, sorting or exponentials
};

/// By stage: "stem", "enc0", ..., "dec0"; without the head.
/// @param grid  [n * 3] different voxels, none negative
[[nodiscard]] std::map<std::string, StageWork> ptv3_work(const ptattn::Ptv3Config& config,
                                                         std::span<const std::int32_t> grid);

}  // namespace ptattn_bench
