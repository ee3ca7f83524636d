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
  throw Error(Fault::kModel, kSubject,
              "a row has " + std::to_string(x.depth) + " values, the weights have " +
                  std::to_string(layer.weight.depth()) + " rows");
}

Epilogue epilogue_of(const Int8Linear& layer, Activation activation, MatrixView residual) {
  return {layer.bias.empty() ? nullptr : layer.bias.data(), activation, residual};
}

}  // namespace

Int8Linear::Int8Linear(const Linear& layer) : weight(layer.weight), bias(layer.bias) {}

ByteRows quantized(MatrixView x) {
  ByteRows rows(x.rows, x.cols);
  parallel_ranges(x.rows, kQuantizedRows, [&](std::size_t begin, std::size_t end) {
    quantize_rows(x.rows_range(begin, end - begin), begin, rows);
  });
  return rows;
}

ByteRows gather_rows(const ByteRowsView& x, std::span<const std::uint32_t> indices) {
  ByteRows rows(indices.size(), x.depth);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::copy_n(x.row(indices[i]), x.depth, rows.row(i));
    rows.scale(i) = x.scale[indices[i]];
    rows.zero(i) = x.zero[indices[i]];
  }
  return rows;
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

Matrix linear_max(const Int8Linear& layer, const ByteRowsView& x, Activation activation) {
  check_input(layer, x);
  if (x.rows == 0 || activation == Activation::kGelu) {
    throw Error(Fault::kModel, kSubject, "no maximum of no rows, or of GELU, which may decrease");
  }
  Matrix out(1, layer.weight.cols());
  parallel_each(layer.weight.panels(), 1, [&](std::size_t p) {
    int8_gemm_max(x, layer.weight, p, p + 1, epilogue_of(layer, activation, {}), out.data());
  });
  return out;
}

}  // namespace ptattn
