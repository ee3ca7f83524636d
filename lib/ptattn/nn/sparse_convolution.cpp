#include "ptattn/nn/sparse_convolution.hpp"

#include <algorithm>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/rows.hpp"

namespace ptattn {
namespace {

// A task computes this many panels of columns: wide layers over few rows still occupy all cores.
constexpr std::size_t kTaskPanels = 4;

// Rows whose windows are multiplied at once: 190 KiB for 5^3 places of 6 channels.
constexpr std::size_t kWindowRows = 64;

void check(bool fits, const std::string& problem) {
  if (!fits) throw Error(Fault::kModel, "sparse convolution", problem);
}

void check_shapes(const SparseConvolution& layer, const KernelMap& map, MatrixView x,
                  MatrixView out) {
  check(layer.slices.size() == map.volume(),
        "the kernel has " + std::to_string(layer.slices.size()) + " places, expected " +
            std::to_string(map.volume()));
  check(x.rows == map.rows() && out.rows == map.rows(),
        "got " + std::to_string(x.rows) + " rows for " + std::to_string(out.rows) + ", expected " +
            std::to_string(map.rows()));
  const PackedMatrix& slice = layer.slices.front();
  check(x.cols == slice.rows() && out.cols == slice.cols(),
        "got " + std::to_string(x.cols) + " channels for " + std::to_string(out.cols) +
            ", expected " + std::to_string(slice.rows()) + " for " + std::to_string(slice.cols()));
}

/// The panels [begin, end) of one block of output rows, and the memory to compute them in.
struct BlockTask {
  std::size_t panel_begin;
  std::size_t panel_end;
  MutableMatrixView gathered;  // [block rows, in]
  MutableMatrixView product;   // [block rows, out]
};

void convolve_block(const SparseConvolution& layer, const KernelMap& map, std::size_t block,
                    const BlockTask& task, MatrixView x, MutableMatrixView out) {
  const std::size_t first = block * KernelMap::kBlockRows;
  const std::size_t rows = std::min(KernelMap::kBlockRows, x.rows - first);
  const MutableMatrixView block_out = out.rows_range(first, rows);
  const std::size_t column = task.panel_begin * PackedMatrix::kPanel;
  const std::size_t columns = std::min(task.panel_end * PackedMatrix::kPanel, out.cols) - column;
  const std::size_t middle = map.volume() / 2;
  const Epilogue epilogue{.bias = layer.bias.empty() ? nullptr : layer.bias.data()};
  gemm(x.rows_range(first, rows), layer.slices[middle], task.panel_begin, task.panel_end, epilogue,
       block_out);
  for (std::size_t k = 0; k < map.volume(); ++k) {
    const KernelMap::Pairs pairs = map.pairs(block, k);
    if (pairs.inputs.empty()) continue;
    const MutableMatrixView gathered = task.gathered.rows_range(0, pairs.inputs.size());
    const MutableMatrixView product = task.product.rows_range(0, pairs.inputs.size());
    copy_rows(x, pairs.inputs, gathered);
    gemm(gathered, layer.slices[k], task.panel_begin, task.panel_end, {}, product);
    add_rows(product.cols_range(column, columns), pairs.outputs,
             block_out.cols_range(column, columns));
  }
}

/// The windows of some rows, without the places where none of them has a neighbour: on a surface,
/// most of a large window.
class WindowBlock {
 public:
  WindowBlock(std::size_t volume, std::size_t channels)
      : volume_(volume), found_(kWindowRows * volume), memory_(kWindowRows, volume * channels) {}

  /// Places that are left, ascending.
  [[nodiscard]] std::span<const std::uint32_t> places() const { return places_; }

  /// @return [count, places().size() channels]; absent neighbours are zero
  MatrixView gather(const FindNeighbors& neighbors, MatrixView x, std::size_t first,
                    std::size_t count) {
    find(neighbors, first, count);
    const MutableMatrixView windows =
        memory_.view().rows_range(0, count).cols_range(0, places_.size() * x.cols);
    for (std::size_t i = 0; i < count; ++i) {
      float* to = windows.row(i);
      for (const std::uint32_t place : places_) {
        const std::uint32_t row = found_[i * volume_ + place];
        to = row == kNoRow ? std::fill_n(to, x.cols, 0.0F) : std::copy_n(x.row(row), x.cols, to);
      }
    }
    return windows;
  }

 private:
  void find(const FindNeighbors& neighbors, std::size_t first, std::size_t count) {
    std::vector<bool> occupied(volume_, false);
    for (std::size_t i = 0; i < count; ++i) {
      const std::span<std::uint32_t> row{found_.data() + i * volume_, volume_};
      neighbors(first + i, row);
      for (std::size_t k = 0; k < volume_; ++k) {
        if (row[k] != kNoRow) occupied[k] = true;
      }
    }
    places_.clear();
    for (std::uint32_t k = 0; k < volume_; ++k) {
      if (occupied[k]) places_.push_back(k);
    }
  }

  std::size_t volume_;
  std::vector<std::uint32_t> found_;  // [rows, volume]
  std::vector<std::uint32_t> places_;
  Matrix memory_;
};

}  // namespace

SparseConvolution::SparseConvolution(const DenseWeights& dense, std::size_t volume)
    : bias(dense.bias) {
  const std::size_t in = dense.weight.cols() / volume;
  slices.reserve(volume);
  for (std::size_t k = 0; k < volume; ++k) {
    slices.push_back(PackedMatrix::from_transposed(dense.weight.view().cols_range(k * in, in)));
  }
}

void sparse_convolution(const SparseConvolution& layer, const KernelMap& map, MatrixView x,
                        MutableMatrixView out) {
  check_shapes(layer, map, x, out);
  const std::size_t panels = layer.slices.front().panels();
  const std::size_t groups = (panels + kTaskPanels - 1) / kTaskPanels;
  parallel_ranges(map.block_count() * groups, 1, [&](std::size_t begin, std::size_t end) {
    Matrix gathered(KernelMap::kBlockRows, x.cols);
    Matrix product(KernelMap::kBlockRows, out.cols);
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t panel = i % groups * kTaskPanels;
      convolve_block(layer, map, i / groups,
                     {panel, std::min(panel + kTaskPanels, panels), gathered, product}, x, out);
    }
  });
}

void window_convolution(const Linear& layer, const FindNeighbors& neighbors, MatrixView x,
                        Activation activation, MutableMatrixView out) {
  const std::size_t volume = x.cols == 0 ? 0 : layer.weight.rows() / x.cols;
  check(volume * x.cols == layer.weight.rows() && out.cols == layer.weight.cols() &&
            out.rows == x.rows,
        "got " + std::to_string(x.cols) + " channels for " + std::to_string(out.cols) +
            ", expected a part of " + std::to_string(layer.weight.rows()) + " for " +
            std::to_string(layer.weight.cols()));
  const Epilogue epilogue{layer.bias.empty() ? nullptr : layer.bias.data(), activation, {}};
  const std::size_t blocks = (x.rows + kWindowRows - 1) / kWindowRows;
  parallel_ranges(blocks, 1, [&](std::size_t begin, std::size_t end) {
    WindowBlock block(volume, x.cols);
    for (std::size_t b = begin; b < end; ++b) {
      const std::size_t first = b * kWindowRows;
      const std::size_t rows = std::min(kWindowRows, x.rows - first);
      const MatrixView windows = block.gather(neighbors, x, first, rows);
      const PackedMatrix weights = layer.weight.row_blocks(block.places(), x.cols);
      gemm(windows, weights, 0, weights.panels(), epilogue, out.rows_range(first, rows));
    }
  });
}

}  // namespace ptattn
