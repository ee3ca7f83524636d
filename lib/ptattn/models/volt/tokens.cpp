#include "ptattn/models/volt/tokens.hpp"

#include <algorithm>

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/elementwise.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/rows.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kBlock = 256;  // tokens of a task

/// The voxels of a block of tokens, slot after slot, in memory of a ScratchMemory.
class SlotGroups {
 public:
  /// @param first  token
  SlotGroups(const VoltTokens& t, std::size_t first, std::size_t count, ScratchMemory& scratch) {
    const std::size_t slots = t.stride * t.stride * t.stride;
    const std::size_t begin = t.pooling.begins[first];
    const auto members = t.pooling.members.subspan(begin, t.pooling.begins[first + count] - begin);
    begins_ = scratch.take<std::uint32_t>(slots + 1);
    voxels_ = scratch.take<std::uint32_t>(members.size());
    tokens_ = scratch.take<std::uint16_t>(members.size());
    std::ranges::fill(begins_, 0U);
    const auto slot_of = [&](std::uint32_t voxel) {
      std::size_t slot = 0;
      for (const std::uint32_t x : t.voxels.cells[voxel]) slot = slot * t.stride + x % t.stride;
      return slot;
    };
    for (const std::uint32_t voxel : members) ++begins_[slot_of(voxel) + 1];
    for (std::size_t s = 0; s < slots; ++s) begins_[s + 1] += begins_[s];
    ScratchMemory temporary;
    const auto next = temporary.take<std::uint32_t>(slots);
    std::copy_n(begins_.begin(), slots, next.begin());
    for (const std::uint32_t voxel : members) {
      const std::uint32_t at = next[slot_of(voxel)]++;
      voxels_[at] = voxel;
      tokens_[at] = static_cast<std::uint16_t>(t.pooling.cells[voxel] - first);
    }
  }

  [[nodiscard]] std::size_t slots() const { return begins_.size() - 1; }
  /// All of them.
  [[nodiscard]] std::span<const std::uint32_t> voxels() const { return voxels_; }
  [[nodiscard]] std::size_t begin(std::size_t slot) const { return begins_[slot]; }
  [[nodiscard]] std::size_t count(std::size_t slot) const {
    return begins_[slot + 1] - begins_[slot];
  }
  /// Rows of the block.
  [[nodiscard]] std::span<const std::uint16_t> tokens(std::size_t slot) const {
    return tokens_.subspan(begin(slot), count(slot));
  }

 private:
  std::span<std::uint32_t> begins_;
  std::span<std::uint32_t> voxels_;
  std::span<std::uint16_t> tokens_;
};

template <class Body>
void for_each_block(std::size_t tokens, const Body& body) {
  parallel_each((tokens + kBlock - 1) / kBlock, 1,
                [&](std::size_t b) { body(b * kBlock, std::min(kBlock, tokens - b * kBlock)); });
}

}  // namespace

void tokenize(const SparseConvolution& layer, const VoltTokens& tokens, MatrixView x,
              MutableMatrixView out) {
  for_each_block(out.rows, [&](std::size_t first, std::size_t count) {
    ScratchMemory scratch;
    const SlotGroups groups(tokens, first, count, scratch);
    const MutableMatrixView block = out.rows_range(first, count);
    for (std::size_t i = 0; i < count; ++i) std::ranges::copy(layer.bias, block.row(i));
    for (std::size_t s = 0; s < groups.slots(); ++s) {
      if (groups.count(s) == 0) continue;
      ScratchMemory of_slot;
      const MutableMatrixView rows = of_slot.matrix(groups.count(s), x.cols);
      copy_rows(x, groups.voxels().subspan(groups.begin(s), groups.count(s)), rows);
      const PackedMatrixView slice = layer.slices[s];
      gemm_add(rows, slice, 0, slice.panels(), groups.tokens(s), block);
    }
  });
}

void unembed(const SparseConvolution& layer, const VoltTokens& tokens, MatrixView x,
             const TakeFeatures& take) {
  for_each_block(x.rows, [&](std::size_t first, std::size_t count) {
    ScratchMemory scratch;
    const SlotGroups groups(tokens, first, count, scratch);
    const MutableMatrixView features = scratch.matrix(groups.voxels().size(), x.cols);
    for (std::size_t s = 0; s < groups.slots(); ++s) {
      if (groups.count(s) == 0) continue;
      ScratchMemory of_slot;
      const MutableMatrixView rows = of_slot.matrix(groups.count(s), x.cols);
      for (std::size_t i = 0; i < rows.rows; ++i) {
        std::copy_n(x.row(first + groups.tokens(s)[i]), x.cols, rows.row(i));
      }
      const PackedMatrixView slice = layer.slices[s];
      gemm(rows, slice, 0, slice.panels(),
           {.bias = layer.bias.data(), .activation = Activation::kGelu},
           features.rows_range(groups.begin(s), rows.rows));
    }
    take(groups.voxels(), features);
  });
}

}  // namespace ptattn
