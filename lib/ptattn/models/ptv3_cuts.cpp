#include "ptattn/models/ptv3_cuts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include <tbb/parallel_sort.h>

#include "ptattn/models/ptv3_serialization.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

/// Most voxels of a patch of an encoder's stage.
std::size_t patch_size(const Ptv3Config& config, std::size_t stage,
                       std::span<const std::size_t> ends) {
  std::size_t smallest = config.encoder[stage].patch_size;
  if (!config.patch_of_smallest_cloud) return smallest;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    if (end > begin) smallest = std::min(smallest, end - begin);
    begin = end;
  }
  return smallest;
}

/// Different cells, along the Z curve.
std::vector<Cell> united(std::vector<Cell> cells) {
  const std::array<std::size_t, 1> ends{cells.size()};
  const auto codes = serialized_codes(Curve::kZ, cells, ends, kPtv3MaxDepth);
  std::vector<Cell> result;
  for (const std::uint32_t i : sort_order(codes)) {
    if (result.empty() || result.back() != cells[i]) result.push_back(cells[i]);
  }
  return result;
}

PatchCuts::Order cut(std::vector<std::uint64_t> codes, std::size_t patch_size) {
  tbb::parallel_sort(codes.begin(), codes.end());
  const std::array<std::size_t, 1> ends{codes.size()};
  PatchCuts::Order order;
  for (const Patch& patch : cut_patches(ends, patch_size)) {
    order.begins.push_back(codes[patch.owned]);
    order.borrowed = codes[patch.begin];
  }
  return order;
}

}  // namespace

Ptv3Step step_to(const Ptv3Config& config, std::size_t stage, int depth) {
  const std::size_t stride = config.stride[stage - 1];
  if (config.mode != Ptv3Mode::kBase) return {stride, 0};
  const auto halvings = static_cast<int>(std::bit_width(stride - 1));
  return halvings > depth ? Ptv3Step{1, depth} : Ptv3Step{stride, depth - halvings};
}

std::size_t orders_used(const Ptv3Config& config, std::size_t stage) {
  std::size_t depth = config.encoder[stage].depth;
  if (stage < config.decoder.size()) depth = std::max(depth, config.decoder[stage].depth);
  return std::min(depth, orders_of(config, stage).size());
}

PatchCuts ptv3_cuts(const Ptv3Config& config, std::span<const Cell> scene) {
  PatchCuts cuts;
  std::vector<Cell> cells(scene.begin(), scene.end());
  int depth = serialization_depth(cells);
  for (std::size_t s = 0; s < config.encoder.size(); ++s) {
    if (s > 0) {
      const Ptv3Step step = step_to(config, s, depth);
      cells = united(divided(cells, step.stride));
      depth = config.mode == Ptv3Mode::kBase ? step.depth : serialization_depth(cells);
    }
    PatchCuts::Stage stage{.depth = depth, .orders = {}};
    const std::array<std::size_t, 1> ends{cells.size()};
    const auto curves = std::span(orders_of(config, s)).first(orders_used(config, s));
    for (const Curve curve : curves) {
      stage.orders.push_back(cut(serialized_codes(curve, cells, ends, std::max(1, depth)),
                                 patch_size(config, s, ends)));
    }
    cuts.stages.push_back(std::move(stage));
  }
  return cuts;
}

std::vector<std::vector<Patch>> ptv3_patches(const Ptv3Config& config, std::size_t stage,
                                             const Ptv3Level& level, const PatchCuts* cuts) {
  std::vector<std::vector<Patch>> patches;
  for (std::size_t o = 0; o < level.orders.size(); ++o) {
    if (cuts == nullptr) {
      patches.push_back(cut_patches(level.ends, patch_size(config, stage, level.ends)));
      continue;
    }
    const auto codes = serialized_codes(orders_of(config, stage)[o], level.cells, level.ends,
                                        std::max(1, level.depth));
    std::vector<std::uint64_t> along(codes.size());
    for (std::size_t i = 0; i < along.size(); ++i) along[i] = codes[level.orders[o][i]];
    patches.push_back(patches_of_part(along, cuts->stages[stage].orders[o]));
  }
  return patches;
}

}  // namespace ptattn
