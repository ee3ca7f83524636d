#include "ptattn/nn/sparse_convolution.hpp"

#include <algorithm>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/elementwise.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/nn/parallel_rounding.hpp"

namespace ptattn {
namespace {

// A task computes this many panels of columns, or one where blocks are few: wide layers over few
// rows still occupy all cores.
constexpr std::size_t kTaskPanels = 4;
constexpr std::size_t kFewBlocks = 12;

[[noreturn]] void refuse(const std::string& problem) {
  throw Error(Fault::kUsage, "sparse convolution", problem);
}

void check_shapes(const ConvolutionSlices& layer, const KernelMap& map, MatrixView x,
                  MatrixView out) {
  if (layer.of_offset.size() != map.volume()) {
    refuse("the kernel has " + std::to_string(layer.of_offset.size()) + " offsets, expected " +
           std::to_string(map.volume()));
  }
  if (x.rows != map.rows() || out.rows != map.rows()) {
    refuse("got " + std::to_string(x.rows) + " rows for " + std::to_string(out.rows) +
           ", expected " + std::to_string(map.rows()));
  }
  const PackedMatrixView& slice = layer.of_offset.front();
  if (x.cols != slice.rows || out.cols != slice.cols) {
    refuse("got " + std::to_string(x.cols) + " channels for " + std::to_string(out.cols) +
           ", expected " + std::to_string(slice.rows) + " for " + std::to_string(slice.cols));
  }
}

/// The panels [begin, end) of one block of output rows.
struct BlockTask {
  std::size_t block;  // of the map
  std::size_t first;  // the row of x and out at which it begins
  std::size_t panel_begin;
  std::size_t panel_end;
};

// Inputs as slices take them: memory for the rows that a block meets, some of them, and the block's
// own.

MutableMatrixView memory_of_block(MatrixView x, ScratchMemory& scratch) {
  return scratch.matrix(KernelMap::kBlockRows, x.cols);
}
MutableMatrixView memory_of_block(Bf16Rows x, ScratchMemory& scratch) {
  return memory_of_block(x.words, scratch);
}
MutableByteRowsView memory_of_block(const ByteRowsView& x, ScratchMemory& scratch) {
  return byte_rows(KernelMap::kBlockRows, x.depth, scratch);
}

MatrixView rows_of(MatrixView x, std::span<const std::uint32_t> rows, MutableMatrixView memory) {
  const MutableMatrixView some = memory.rows_range(0, rows.size());
  copy_rows(x, rows, some);
  return some;
}
Bf16Rows rows_of(Bf16Rows x, std::span<const std::uint32_t> rows, MutableMatrixView memory) {
  return {rows_of(x.words, rows, memory)};
}
ByteRowsView rows_of(const ByteRowsView& x, std::span<const std::uint32_t> rows,
                     const MutableByteRowsView& memory) {
  return copy_rows(x, rows, memory);
}

MatrixView range_of(MatrixView x, std::size_t first, std::size_t rows) {
  return x.rows_range(first, rows);
}
Bf16Rows range_of(Bf16Rows x, std::size_t first, std::size_t rows) {
  return {x.words.rows_range(first, rows)};
}
ByteRowsView range_of(const ByteRowsView& x, std::size_t first, std::size_t rows) {
  return x.rows_range(first, rows);
}

template <class Rows, class Memory>
void convolve_block(const ConvolutionSlices& layer, const KernelMap& map, const BlockTask& task,
                    const Rows& x, const Memory& memory, MutableMatrixView out) {
  const std::size_t rows = std::min(KernelMap::kBlockRows, out.rows - task.first);
  const MutableMatrixView block_out = out.rows_range(task.first, rows);
  const std::size_t middle = map.volume() / 2;
  const Epilogue epilogue{.bias = layer.bias.empty() ? nullptr : layer.bias.data()};
  gemm(range_of(x, task.first, rows), layer.of_offset[middle], task.panel_begin, task.panel_end,
       epilogue, block_out);
  for (std::size_t k = 0; k < map.volume(); ++k) {
    const KernelMap::Pairs pairs = map.pairs(task.block, k);
    if (pairs.inputs.empty()) continue;
    gemm_add(rows_of(x, pairs.inputs, memory), layer.of_offset[k], task.panel_begin, task.panel_end,
             pairs.outputs, block_out);
  }
}

ConvolutionSlices slices_of(const SparseConvolution& layer, ScratchMemory& scratch) {
  const auto slices = scratch.take<PackedMatrixView>(layer.slices.size());
  std::ranges::copy(layer.slices, slices.begin());
  return {slices, layer.bias};
}

/// The offsets of a layer [volume in, out] as slices.
ConvolutionSlices slices_of(const Linear& layer, std::size_t volume, ScratchMemory& scratch) {
  const std::size_t in = layer.weight.rows() / volume;
  const auto slices = scratch.take<PackedMatrixView>(volume);
  for (std::size_t k = 0; k < volume; ++k) {
    slices[k] = packed_rows(layer.weight, k * in, in, scratch);
  }
  return {slices, layer.bias};
}

}  // namespace

SparseConvolution::SparseConvolution(const DenseWeights& dense, std::size_t volume)
    : bias(dense.bias) {
  const std::size_t in = dense.weight.cols() / volume;
  slices.reserve(volume);
  for (std::size_t k = 0; k < volume; ++k) {
    slices.push_back(PackedMatrix::from_transposed(dense.weight.view().cols_range(k * in, in)));
  }
}

void SparseConvolution::round_to_bf16() {
  for (PackedMatrix& slice : slices) slice.round_to_bf16();
}

void SparseConvolution::quantize() {
  for (PackedMatrix& slice : slices) slice.quantize();
}

void sparse_convolution(const SparseConvolution& layer, const KernelMap& map, MatrixView x,
                        MutableMatrixView out) {
  ScratchMemory scratch;
  sparse_convolution(slices_of(layer, scratch), map, x, out);
}

void sparse_convolution(const ConvolutionSlices& layer, const KernelMap& map, MatrixView x,
                        MutableMatrixView out) {
  check_shapes(layer, map, x, out);
  const std::size_t panels = layer.of_offset.front().panels();
  const std::size_t width = map.block_count() > kFewBlocks ? kTaskPanels : 1;
  const std::size_t groups = (panels + width - 1) / width;
  with_rows_for(layer.of_offset.front(), x, [&](const auto& inputs) {
    parallel_ranges(map.block_count() * groups, 1, [&](std::size_t begin, std::size_t end) {
      ScratchMemory scratch;
      const auto memory = memory_of_block(inputs, scratch);
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t panel = i % groups * width;
        const std::size_t block = i / groups;
        convolve_block(layer, map,
                       {.block = block,
                        .first = block * KernelMap::kBlockRows,
                        .panel_begin = panel,
                        .panel_end = std::min(panel + width, panels)},
                       inputs, memory, out);
      }
    });
  });
}

void window_convolution(const Linear& layer, const FindNeighbors& neighbors, MatrixView x,
                        Activation activation, MutableMatrixView out) {
  const std::size_t volume = x.cols == 0 ? 0 : layer.weight.rows() / x.cols;
  if (volume == 0 || volume * x.cols != layer.weight.rows() || out.cols != layer.weight.cols() ||
      out.rows != x.rows) {
    refuse("got " + std::to_string(x.cols) + " channels for " + std::to_string(out.cols) +
           ", expected a part of " + std::to_string(layer.weight.rows()) + " for " +
           std::to_string(layer.weight.cols()));
  }
  if (layer.weight.is_int8()) refuse("got weights in 8 bits, expected float32 or bfloat16");
  if (layer.weight.is_bf16() && x.cols % 2 != 0) {
    refuse("got " + std::to_string(x.cols) + " channels, expected an even number in bfloat16");
  }
  constexpr std::size_t kRows = KernelMap::kBlockRows;
  ScratchMemory of_layer;
  const ConvolutionSlices slices = slices_of(layer, volume, of_layer);
  with_rows_for(slices.of_offset.front(), x, [&](const auto& inputs) {
    parallel_ranges((x.rows + kRows - 1) / kRows, 1, [&](std::size_t begin, std::size_t end) {
      ScratchMemory scratch;
      const auto memory = memory_of_block(inputs, scratch);
      BlockTask task{.block = 0, .first = 0, .panel_begin = 0, .panel_end = layer.weight.panels()};
      for (std::size_t b = begin; b < end; ++b) {
        const std::size_t first = b * kRows;
        const std::size_t rows = std::min(kRows, x.rows - first);
        const auto of_block = [&](std::size_t map_begin, std::size_t map_end,
                                  std::span<std::uint32_t> found) {
          neighbors(first + map_begin, first + map_end, found);
        };
        ScratchMemory of_map;
        const KernelMap map(rows, volume, of_block, of_map);
        task.first = first;
        convolve_block(slices, map, task, inputs, memory, out);
        activate(activation, out.rows_range(first, rows));
      }
    });
  });
}

}  // namespace ptattn
