#include "ptattn/train/unet/unet_layers.hpp"

#include <algorithm>
#include <cstddef>

namespace ptattn::train {
namespace {

/// Appends the rates of the blocks of all stages.
template <class Stage>
void spread_rates(std::vector<Stage>& stages, double last) {
  std::size_t count = 0;
  for (const Stage& stage : stages) count += stage.blocks.size();
  std::size_t index = 0;
  for (Stage& stage : stages) {
    stage.drop_rates.clear();
    for (std::size_t i = 0; i < stage.blocks.size(); ++i, ++index) {
      const double share =
          count < 2 ? 0.0 : static_cast<double>(index) / static_cast<double>(count - 1);
      stage.drop_rates.push_back(last * share);
    }
  }
}

}  // namespace

void UnetLayers::pack(ScratchMemory& scratch) {
  stem.pack(scratch, false);
  for (std::size_t s = 0; s < encoder.size(); ++s) {
    if (s > 0) encoder[s].down.pack(scratch);
    for (UnetBlock& block : encoder[s].blocks) block.pack(scratch);
  }
  for (DecoderStage& stage : decoder) {
    stage.proj.pack(scratch);
    stage.proj_skip.pack(scratch);
    for (UnetBlock& block : stage.blocks) block.pack(scratch);
  }
  head.pack(scratch);
}

void UnetLayers::set_drop_rates(double last) {
  spread_rates(encoder, last);
  spread_rates(decoder, last);
  for (DecoderStage& stage : decoder) {
    std::ranges::reverse(stage.drop_rates);  // the first block of a stage is its deepest
  }
}

}  // namespace ptattn::train
