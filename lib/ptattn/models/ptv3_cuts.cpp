#include "ptattn/models/ptv3_cuts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>

#include <tbb/parallel_sort.h>

#include "ptattn/core/error.hpp"
#include "ptattn/models/ptv3_serialization.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

/// The size of the smallest cloud that is not empty, `most` if all are larger.
std::size_t smallest_cloud(std::span<const std::size_t> ends, std::size_t most) {
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    if (end > begin) most = std::min(most, end - begin);
    begin = end;
  }
  return most;
}

/// Most voxels of a patch of a stage, as the first block that comes to it says.
std::size_t patch_size(const Ptv3Config& config, std::size_t stage,
                       std::span<const std::size_t> ends) {
  const bool encodes = config.encoder[stage].depth > 0 || stage >= config.decoder.size();
  const std::size_t size = (encodes ? config.encoder : config.decoder)[stage].patch_size;
  return config.patch_of_smallest_cloud ? smallest_cloud(ends, size) : size;
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
  if (config.mode != Ptv3Mode::kBase) return {stride, std::nullopt};
  const auto halvings = static_cast<int>(std::bit_width(stride - 1));
  return halvings > depth ? Ptv3Step{1, depth} : Ptv3Step{stride, depth - halvings};
}

std::span<const Curve> curves_used(const Ptv3Config& config, std::size_t stage) {
  std::size_t depth = config.encoder[stage].depth;
  if (stage < config.decoder.size()) depth = std::max(depth, config.decoder[stage].depth);
  const std::span curves = orders_of(config, stage);
  return curves.first(std::min(depth, curves.size()));
}

bool decoder_regroups(const Ptv3Config& config, std::size_t stage) {
  if (stage >= config.decoder.size()) return false;
  const Ptv3Config::Stage& encoder = config.encoder[stage];
  const Ptv3Config::Stage& decoder = config.decoder[stage];
  if (encoder.depth == 0 || decoder.depth == 0) return false;
  return config.patch_of_smallest_cloud ? decoder.patch_size != encoder.patch_size
                                        : decoder.patch_size < encoder.patch_size;
}

Ptv3Grouping ptv3_regrouped(const Ptv3Config& config, std::size_t stage, const Ptv3Level& level,
                            std::span<const std::uint32_t> order, std::span<const Patch> patches) {
  const std::size_t size = smallest_cloud(level.ends, config.decoder[stage].patch_size);
  Ptv3Grouping result;
  std::vector<std::uint32_t> borrowed;  // of the group in the making
  std::vector<std::uint32_t> own;
  const auto add = [&](std::size_t place, std::vector<std::uint32_t>& rows) {
    rows.push_back(order[place]);
    if (own.size() + borrowed.size() < size) return;
    const std::size_t begin = result.rows.size();
    result.rows.insert(result.rows.end(), borrowed.begin(), borrowed.end());
    result.rows.insert(result.rows.end(), own.begin(), own.end());
    if (!own.empty()) {
      result.patches.push_back({begin, begin + borrowed.size(), result.rows.size()});
    }
    borrowed.clear();
    own.clear();
  };
  for (const Patch& patch : patches) {
    for (std::size_t place = patch.owned; place < patch.end; ++place) add(place, own);
    for (std::size_t place = patch.begin; place < patch.owned; ++place) add(place, borrowed);
  }
  if (!own.empty() || !borrowed.empty()) {
    throw Error(Fault::kModel, "ptv3",
                "has patches of " + std::to_string(size) + " voxels in stage " +
                    std::to_string(stage) + " of its decoder, expected a size into which " +
                    std::to_string(result.rows.size() + own.size() + borrowed.size()) +
                    " voxels of the encoder's patches can be cut");
  }
  return result;
}

PatchCuts ptv3_cuts(const Ptv3Config& config, std::span<const Cell> scene) {
  PatchCuts cuts;
  for (std::size_t s = 0; s < config.encoder.size(); ++s) {
    if (decoder_regroups(config, s)) return cuts;
  }
  std::vector<Cell> cells(scene.begin(), scene.end());
  int depth = serialization_depth(cells);
  for (std::size_t s = 0; s < config.encoder.size(); ++s) {
    if (s > 0) {
      const Ptv3Step step = step_to(config, s, depth);
      cells = united(divided(cells, step.stride));
      depth = step.depth ? *step.depth : serialization_depth(cells);
    }
    PatchCuts::Stage stage{.depth = depth, .orders = {}};
    const std::array<std::size_t, 1> ends{cells.size()};
    for (const Curve curve : curves_used(config, s)) {
      stage.orders.push_back(cut(serialized_codes(curve, cells, ends, std::max(1, depth)),
                                 patch_size(config, s, ends)));
    }
    cuts.stages.push_back(std::move(stage));
  }
  return cuts;
}

std::vector<std::vector<Patch>> ptv3_patches(const Ptv3Config& config, std::size_t stage,
                                             const Ptv3Level& level, const PatchCuts* cuts) {
  const std::span<const Curve> curves = curves_used(config, stage);
  std::vector<std::vector<Patch>> patches;
  for (std::size_t o = 0; o < level.orders.size(); ++o) {
    if (cuts == nullptr) {
      patches.push_back(cut_patches(level.ends, patch_size(config, stage, level.ends)));
      continue;
    }
    const auto codes =
        serialized_codes(curves[o], level.cells, level.ends, std::max(1, level.depth));
    std::vector<std::uint64_t> along(codes.size());
    for (std::size_t i = 0; i < along.size(); ++i) along[i] = codes[level.orders[o][i]];
    patches.push_back(patches_of_part(along, cuts->stages[stage].orders[o]));
  }
  return patches;
}

}  // namespace ptattn
