#include "ptattn/nn/linear.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/parallel_rounding.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr std::string_view kSubject = "matrix product";

// A task's share of the result: large enough to hide a task's cost (some 4 million multiply-adds at
// depth 256), small enough for all cores to find work in a product of a few hundred rows.
constexpr std::size_t kTaskRows = 112;
constexpr std::size_t kTaskPanels = 4;
constexpr std::size_t kTaskPanelsRounded = 12;  // a task rounds or quantises its rows once

void check_depth(MatrixView a, PackedMatrixView b) {
  if (a.cols == b.rows) return;
  throw Error(Fault::kUsage, kSubject,
              "a row has " + std::to_string(a.cols) + " values, the weights are " +
                  shape_text(b.rows, b.cols));
}

void check_shapes(MatrixView a, PackedMatrixView b, MatrixView residual, MatrixView c) {
  check_depth(a, b);
  check_shape(kSubject, "the result", c, a.rows, b.cols);
  if (residual.data != nullptr) check_shape(kSubject, "the residual", residual, a.rows, b.cols);
}

const float* bias_of(const Linear& layer) {
  return layer.bias.empty() ? nullptr : layer.bias.data();
}

}  // namespace

DenseWeights input_part(const DenseWeights& layer, std::size_t begin, std::size_t count,
                        bool with_bias) {
  if (layer.weight.size() == 0) return {};
  DenseWeights part;
  part.weight = Matrix(layer.weight.rows(), count);
  for (std::size_t i = 0; i < part.weight.rows(); ++i) {
    std::copy_n(layer.weight.row(i) + begin, count, part.weight.row(i));
  }
  if (with_bias) part.bias = layer.bias;
  return part;
}

Linear::Linear(DenseWeights dense)
    : weight(PackedMatrix::from_transposed(dense.weight)), bias(std::move(dense.bias)) {}

void multiply(MatrixView a, PackedMatrixView b, const Epilogue& epilogue, MutableMatrixView c) {
  check_shapes(a, b, epilogue.residual, c);
  const std::size_t row_blocks = (a.rows + kTaskRows - 1) / kTaskRows;
  const std::size_t task_panels = b.is_float32() ? kTaskPanels : kTaskPanelsRounded;
  const std::size_t panel_blocks = (b.panels() + task_panels - 1) / task_panels;
  parallel_each(row_blocks * panel_blocks, 1, [&](std::size_t task) {
    const std::size_t row = task / panel_blocks * kTaskRows;
    const std::size_t rows = std::min(kTaskRows, a.rows - row);
    const std::size_t panel = task % panel_blocks * task_panels;
    Epilogue part = epilogue;
    if (part.residual.data != nullptr) part.residual = part.residual.rows_range(row, rows);
    gemm(a.rows_range(row, rows), b, panel, std::min(panel + task_panels, b.panels()), part,
         c.rows_range(row, rows));
  });
}

void linear(const Linear& layer, MatrixView x, Activation activation, MatrixView residual,
            MutableMatrixView out) {
  multiply(x, layer.weight, {bias_of(layer), activation, residual}, out);
}

void linear_max(const Linear& layer, MatrixView x, Activation activation, MutableMatrixView out) {
  check_depth(x, layer.weight);
  check_shape(kSubject, "the result", out, 1, layer.weight.cols());
  // Every task passes all rows by one panel, which stays in the cache.
  with_rows_for(layer.weight, x, [&](auto rows) {
    parallel_each(layer.weight.panels(), 1, [&](std::size_t panel) {
      gemm_max(rows, layer.weight, panel, panel + 1, {bias_of(layer), activation, {}}, out);
    });
  });
}

MutableMatrixView linear(const Linear& layer, MatrixView x, Activation activation,
                         ScratchMemory& scratch) {
  const MutableMatrixView out = scratch.matrix(x.rows, layer.weight.cols());
  linear(layer, x, activation, {}, out);
  return out;
}

PackedMatrixView linear_packed(const Linear& layer, MatrixView x, ScratchMemory& scratch) {
  check_depth(x, layer.weight);
  const MutablePackedMatrixView out = packed_matrix(x.rows, layer.weight.cols(), scratch);
  with_rows_for(layer.weight, x, [&](auto rows) {
    parallel_each(out.panels(), 1, [&](std::size_t panel) {
      gemm(rows, layer.weight, panel, panel + 1, {bias_of(layer), Activation::kNone, {}},
           out.columns_of(panel));
    });
  });
  return out;
}

Matrix linear(const Linear& layer, MatrixView x, Activation activation, MatrixView residual) {
  Matrix out(x.rows, layer.weight.cols());
  linear(layer, x, activation, residual, out);
  return out;
}

}  // namespace ptattn
