#include "ptattn/models/ptv3/memory_plan.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "ptattn/models/ptv3/patches.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kFloat = sizeof(float);
constexpr std::size_t kHash = 55;             // bytes
constexpr std::size_t kPair = 6;              // bytes of a kernel map
constexpr std::size_t kPairs = 14;            // of a voxel; a surface has ten
constexpr std::size_t kAllPairs = 26;         // of a voxel with all neighbours
constexpr std::size_t kVoxelsOfCoarser = 3;   // finer ones, at least
constexpr std::size_t kCellAndPosition = 28;  // bytes, with the row of the input
constexpr std::size_t kOrder = 4;             // bytes of a curve
constexpr std::size_t kPooling = 12;          // bytes

std::size_t channels_of(const std::vector<Ptv3Config::Stage>& stages, std::size_t s) {
  return s < stages.size() ? stages[s].channels : 0;
}

std::size_t widest(const Ptv3Config& config, std::size_t s) {
  return std::max(channels_of(config.encoder, s), channels_of(config.decoder, s));
}

std::size_t angles_of(const Ptv3Config& config) {
  const Ptv3Config::Stage& finest = config.encoder.front();
  if (!has_rotary_encoding(config.mode) || !finest.attention) return 0;
  return widest(config, 0) / finest.heads;
}

}  // namespace

std::size_t Ptv3MemoryPlan::bytes_per_voxel() const {
  return (lists + features + std::max({input, block, below}) + output) * 11 / 10;
}

Ptv3MemoryPlan ptv3_memory_plan(const Ptv3Config& config, std::size_t out_channels) {
  const std::size_t from_below = kFloat * widest(config, 1) / kVoxelsOfCoarser;
  Ptv3MemoryPlan plan;
  plan.lists =
      kCellAndPosition + kOrder * curves_used(config, 0).size() + kPair * kPairs + kPooling;
  plan.features = kFloat * widest(config, 0);
  plan.input = kFloat * config.in_channels + kHash;
  plan.block = from_below + kFloat * (widest(config, 0) + angles_of(config));
  plan.below = from_below + (plan.lists + kFloat * widest(config, 1)) / kVoxelsOfCoarser;
  plan.output = kFloat * out_channels;
  return plan;
}

std::size_t ptv3_bytes_per_sparse_voxel(const Ptv3Config& config, std::size_t out_channels) {
  // Voxels of each stage, of those of the finest.
  constexpr std::array<std::size_t, 5> kSixteenths{16, 14, 10, 4, 1};
  const Ptv3MemoryPlan plan = ptv3_memory_plan(config, out_channels);
  std::size_t sixteenths = 0;
  for (std::size_t s = 0; s < kSixteenths.size(); ++s) {
    if (widest(config, s) == 0) break;
    sixteenths += kSixteenths[s] * (plan.lists + kFloat * widest(config, s));
  }
  const std::size_t from_below = kFloat * widest(config, 1) * kSixteenths[1] / kSixteenths[0];
  return sixteenths / kSixteenths[0] + from_below + std::max(plan.input, plan.features) +
         plan.output;
}

std::size_t planned_bytes(const Ptv3MemoryPlan& plan, const Ptv3Config& config,
                          std::size_t voxels) {
  constexpr std::size_t kAbsentPairs = kPair * (kAllPairs - kPairs);
  std::size_t patch = 0;  // of the thread's own: its rows, their projections or hidden features
  for (const Ptv3Config::Stage& stage : config.encoder) {
    if (!stage.attention) continue;
    const auto per_row =
        static_cast<double>(stage.channels) * (3.0 + std::max(4.0, config.mlp_ratio));
    patch = std::max(patch, std::min(voxels, stage.patch_size) * static_cast<std::size_t>(per_row));
  }
  return (plan.bytes_per_voxel() + kAbsentPairs) * voxels + kFloat * patch;
}

}  // namespace ptattn
