#include "ptattn/nn/int8_linear.hpp"

#include <algorithm>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/int8_gemm.hpp"
#include "ptattn/nn/kernels/int8_quantize.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr std::string_view kSubject = "8-bit matrix product";

// A task's share of a result, see linear.cpp.
constexpr std::size_t kTaskRows = 128;
constexpr std::size_t kTaskPanels = 4;
constexpr std::size_t kQuantizedRows = 64;

void check_input(const Int8Linear& layer, const ByteRowsView& x) {
  if (x.depth == layer.weight.depth()) return;
  throw Error(Fault::kUsage, kSubject,
              "a row has " + std::to_string(x.depth) + " values, the weights have " +
                  std::to_string(layer.weight.depth()) + " rows");
}

Epilogue epilogue_of(const Int8Linear& layer, Activation activation, MatrixView residual) {
  return {layer.bias.empty() ? nullptr : layer.bias.data(), activation, residual};
}

}  // namespace

Int8Linear::Int8Linear(const Linear& layer) : weight(layer.weight), bias(layer.bias) {}

ByteRowsView quantized(MatrixView x, ScratchMemory& scratch) {
  const MutableByteRowsView rows = byte_rows(x.rows, x.cols, scratch);
  parallel_ranges(x.rows, kQuantizedRows, [&](std::size_t begin, std::size_t end) {
    quantize_rows(x.rows_range(begin, end - begin), begin, rows);
  });
  return rows;
}

ByteRowsView gather_rows(const ByteRowsView& x, std::span<const std::uint32_t> indices,
                         ScratchMemory& scratch) {
  return copy_rows(x, indices, byte_rows(indices.size(), x.depth, scratch));
}

void linear(const Int8Linear& layer, const ByteRowsView& x, Activation activation,
            MatrixView residual, MutableMatrixView out) {
  const Int8Matrix& b = layer.weight;
  check_input(layer, x);
  check_shape(kSubject, "the result", out, x.rows, b.cols());
  if (residual.data != nullptr) check_shape(kSubject, "the residual", residual, x.rows, b.cols());
  const std::size_t row_blocks = (x.rows + kTaskRows - 1) / kTaskRows;
  const std::size_t panel_blocks = (b.panels() + kTaskPanels - 1) / kTaskPanels;
  parallel_each(row_blocks * panel_blocks, 1, [&](std::size_t task) {
    const std::size_t row = task / panel_blocks * kTaskRows;
    const std::size_t rows = std::min(kTaskRows, x.rows - row);
    const std::size_t panel = task % panel_blocks * kTaskPanels;
    const MatrixView part = residual.data != nullptr ? residual.rows_range(row, rows) : residual;
    int8_gemm(x.rows_range(row, rows), b, panel, std::min(panel + kTaskPanels, b.panels()),
              epilogue_of(layer, activation, part), out.rows_range(row, rows));
  });
}

Matrix linear(const Int8Linear& layer, const ByteRowsView& x, Activation activation,
              MatrixView residual) {
  Matrix out(x.rows, layer.weight.cols());
  linear(layer, x, activation, residual, out);
  return out;
}

MutableMatrixView linear(const Int8Linear& layer, const ByteRowsView& x, Activation activation,
                         ScratchMemory& scratch) {
  const MutableMatrixView out = scratch.matrix(x.rows, layer.weight.cols());
  linear(layer, x, activation, {}, out);
  return out;
}

PackedMatrixView linear_packed(const Int8Linear& layer, const ByteRowsView& x,
                               ScratchMemory& scratch) {
  check_input(layer, x);
  const MutablePackedMatrixView out = packed_matrix(x.rows, layer.weight.cols(), scratch);
  parallel_each(out.panels(), 1, [&](std::size_t p) {
    int8_gemm(x, layer.weight, p, p + 1, epilogue_of(layer, Activation::kNone, {}),
              out.columns_of(p));
  });
  return out;
}

void linear_max(const Int8Linear& layer, const ByteRowsView& x, Activation activation,
                MutableMatrixView out) {
  check_input(layer, x);
  check_shape(kSubject, "the result", out, 1, layer.weight.cols());
  if (x.rows == 0 || activation == Activation::kGelu) {
    throw Error(Fault::kUsage, kSubject,
                "cannot take the maximum of no rows, or of GELU, which may decrease");
  }
  parallel_each(layer.weight.panels(), 1, [&](std::size_t p) {
    int8_gemm_max(x, layer.weight, p, p + 1, epilogue_of(layer, activation, {}), out.data);
  });
}

}  // namespace ptattn
