#include "ptattn/models/ptv3/patches.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/parallel_sort.hpp"
#include "ptattn/models/ptv3/serialization.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 4096;  // voxels of a task

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
  const bool encodes = config.encoder[stage].attending() > 0 || stage >= config.decoder.size();
  const std::size_t size = (encodes ? config.encoder : config.decoder)[stage].patch_size;
  return config.patch_of_smallest_cloud ? smallest_cloud(ends, size) : size;
}

/// Lists the different cells of the grid that is coarser by `stride`, along the Z curve.
std::vector<Cell> unique_coarse_cells(std::span<const Cell> fine, std::size_t stride) {
  ScratchMemory scratch;
  const auto codes = scratch.take<std::uint64_t>(fine.size());
  const std::array<std::size_t, 1> ends{fine.size()};
  coarse_codes(fine, ends, stride, codes);
  const GroupOrder groups = group_order(codes);
  std::vector<Cell> cells(groups.size());
  parallel_each(cells.size(), kGrain,
                [&](std::size_t i) { cells[i] = coarse_cell(fine[groups[i].front()], stride); });
  return cells;
}

PatchCuts::Order cut(Curve curve, std::span<const Cell> cells, const PatchGrid& grid) {
  ScratchMemory scratch;
  const auto codes = scratch.take<std::uint64_t>(cells.size());
  const std::array<std::size_t, 1> ends{cells.size()};
  serialized_codes(curve, cells, ends, std::max(1, grid.depth), codes);
  parallel_sort(codes);
  PatchCutter cutter(grid.patch_size);
  for (const std::uint64_t code : codes) cutter.add(code);
  return cutter.finish();
}

/// Cuts a sequence of rows, own ones and padding, into groups of one size. In a group the padding
/// stands first; a group of padding alone is left out.
class GroupsInMaking {
 public:
  GroupsInMaking(std::size_t length, std::size_t size, ScratchMemory& scratch)
      : size_(size),
        rows_(scratch.take<std::uint32_t>(length)),
        groups_(scratch.take<Patch>(length / size)),
        padding_(scratch.take<std::uint32_t>(size)) {}

  void add_own(std::uint32_t row) {
    rows_[begin_ + own_++] = row;
    close_if_full();
  }
  void add_padding(std::uint32_t row) {
    padding_[padded_++] = row;
    close_if_full();
  }
  [[nodiscard]] bool has_open_one() const { return own_ + padded_ > 0; }
  [[nodiscard]] Ptv3Grouping made() const { return {rows_, groups_.first(count_)}; }

 private:
  void close_if_full() {
    if (own_ + padded_ < size_) return;
    std::uint32_t* const group = rows_.data() + begin_;
    std::copy_backward(group, group + own_, group + own_ + padded_);
    std::copy_n(padding_.begin(), padded_, group);
    if (own_ > 0) groups_[count_++] = {begin_, begin_ + padded_, begin_ + size_};
    begin_ += size_;
    own_ = padded_ = 0;
  }

  std::size_t size_;
  std::span<std::uint32_t> rows_;
  std::span<Patch> groups_;
  std::size_t count_ = 0;  // of groups
  std::size_t begin_ = 0;  // of the group in the making
  std::size_t own_ = 0;    // of its rows
  std::size_t padded_ = 0;
  std::span<std::uint32_t> padding_;
};

}  // namespace

PoolingStep step_to(const Ptv3Config& config, std::size_t stage, int depth) {
  const std::size_t stride = config.stride[stage - 1];
  if (config.mode != Ptv3Mode::kBase) return {stride, std::nullopt};
  const auto halvings = static_cast<int>(std::bit_width(stride - 1));
  return halvings > depth ? PoolingStep{1, depth} : PoolingStep{stride, depth - halvings};
}

std::span<const Curve> curves_used(const Ptv3Config& config, std::size_t stage) {
  std::size_t depth = config.encoder[stage].attending();
  if (stage < config.decoder.size()) depth = std::max(depth, config.decoder[stage].attending());
  const std::span curves = orders_of(config, stage);
  return curves.first(std::min(depth, curves.size()));
}

bool decoder_regroups(const Ptv3Config& config, std::size_t stage) {
  if (stage >= config.decoder.size()) return false;
  const Ptv3Config::Stage& encoder = config.encoder[stage];
  const Ptv3Config::Stage& decoder = config.decoder[stage];
  if (encoder.attending() == 0 || decoder.attending() == 0) return false;
  return config.patch_of_smallest_cloud ? decoder.patch_size != encoder.patch_size
                                        : decoder.patch_size < encoder.patch_size;
}

Ptv3Grouping ptv3_decoder_patches(const Ptv3Config& config, std::size_t stage,
                                  const Ptv3Level& level, std::span<const std::uint32_t> order,
                                  std::span<const Patch> patches, ScratchMemory& scratch) {
  const std::size_t size = smallest_cloud(level.ends, config.decoder[stage].patch_size);
  std::size_t length = 0;  // of the sequence
  for (const Patch& patch : patches) length += patch.end - patch.begin;
  GroupsInMaking groups(length, size, scratch);
  for (const Patch& patch : patches) {
    for (std::size_t i = patch.first_own; i < patch.end; ++i) groups.add_own(order[i]);
    for (std::size_t i = patch.begin; i < patch.first_own; ++i) groups.add_padding(order[i]);
  }
  if (groups.has_open_one()) {
    throw Error(Fault::kModel, "ptv3",
                "has patches of " + std::to_string(size) + " voxels in stage " +
                    std::to_string(stage) + " of its decoder, expected a size into which " +
                    std::to_string(length) + " voxels of the encoder's patches can be cut");
  }
  return groups.made();
}

std::vector<PatchGrid> ptv3_patch_grids(const Ptv3Config& config, const Cell& largest) {
  std::vector<PatchGrid> grids;
  for (std::size_t s = 0; s < config.encoder.size(); ++s) {
    if (decoder_regroups(config, s)) return {};
  }
  std::array<Cell, 1> cell{largest};
  int depth = serialization_depth(cell);
  std::size_t stride = 1;
  for (std::size_t s = 0; s < config.encoder.size(); ++s) {
    if (s > 0) {
      const PoolingStep step = step_to(config, s, depth);
      stride *= step.stride;
      cell[0] = coarse_cell(cell[0], step.stride);
      depth = step.depth ? *step.depth : serialization_depth(cell);
    }
    const std::span<const Curve> curves = curves_used(config, s);
    grids.push_back({stride, depth, patch_size(config, s, {}), {curves.begin(), curves.end()}});
  }
  return grids;
}

PatchCuts ptv3_scene_patches(const Ptv3Config& config, std::span<const Cell> scene) {
  PatchCuts cuts;
  const Cell largest = largest_of(scene.size(), Cell{}, [&](std::size_t i) { return scene[i]; });
  std::vector<Cell> cells(scene.begin(), scene.end());
  std::size_t stride = 1;
  for (const PatchGrid& grid : ptv3_patch_grids(config, largest)) {
    if (grid.stride > stride) cells = unique_coarse_cells(cells, grid.stride / stride);
    stride = grid.stride;
    PatchCuts::Stage stage{.depth = grid.depth, .orders = {}};
    for (const Curve curve : grid.curves) stage.orders.push_back(cut(curve, cells, grid));
    cuts.stages.push_back(std::move(stage));
  }
  return cuts;
}

std::span<std::span<const Patch>> ptv3_patches(const Ptv3Config& config, std::size_t stage,
                                               const Ptv3Level& level, const PatchCuts* cuts,
                                               ScratchMemory& scratch) {
  const std::span<const Curve> curves = curves_used(config, stage);
  const auto patches = scratch.take<std::span<const Patch>>(level.orders.size());
  for (std::size_t o = 0; o < patches.size(); ++o) {
    if (cuts == nullptr) {
      patches[o] = cut_patches(level.ends, patch_size(config, stage, level.ends), scratch);
      continue;
    }
    const PatchCuts::Order& of_scene = cuts->stages[stage].orders[o];
    const auto memory = scratch.take<Patch>(of_scene.begins.size());
    ScratchMemory temporary;
    const auto codes = temporary.take<std::uint64_t>(level.size());
    const auto along = temporary.take<std::uint64_t>(level.size());
    serialized_codes(curves[o], level.cells, level.ends, std::max(1, level.depth), codes);
    parallel_each(along.size(), kGrain,
                  [&](std::size_t i) { along[i] = codes[level.orders[o][i]]; });
    patches[o] = patches_of_part(along, of_scene, memory);
  }
  return patches;
}

}  // namespace ptattn
