#include "ptattn/models/ptv3/layers.hpp"

#include <algorithm>
#include <limits>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/cpu_level.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/elementwise.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/rows.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 256;        // rows of a task
constexpr std::size_t kPooledVoxels = 64;  // coarser ones, of a task

/// Calls body(first, rows) for blocks of [0, n) in parallel.
template <class Body>
void for_each_block(std::size_t n, const Body& body) {
  parallel_each((n + kGrain - 1) / kGrain, 1, [&](std::size_t block) {
    body(block * kGrain, std::min(kGrain, n - block * kGrain));
  });
}

/// Copies row i of x to row targets[i] of out, on the calling thread.
void scatter(MatrixView x, std::span<const std::uint32_t> targets, MutableMatrixView out) {
  for (std::size_t i = 0; i < x.rows; ++i) std::copy_n(x.row(i), x.cols, out.row(targets[i]));
}

}  // namespace

void linear_here(const Linear& layer, MatrixView x, Activation activation, MatrixView residual,
                 MutableMatrixView out) {
  gemm(x, layer.weight, 0, layer.weight.panels(),
       {.bias = layer.bias.empty() ? nullptr : layer.bias.data(),
        .activation = activation,
        .residual = residual},
       out);
}

bool attends_in_bf16(const Linear& qkv) {
  return qkv.weight.is_bf16() || (qkv.weight.is_int8() && cpu_has_bf16());
}

void normalize_and_activate(const Ptv3Norm& norm, MutableMatrixView x) {
  if (!norm.batch.scale.empty()) {
    apply(norm.batch, Activation::kGelu, x);
    return;
  }
  if (!norm.layer.gamma.empty()) layer_norm(norm.layer, x, x);
  for_each_block(x.rows, [&](std::size_t first, std::size_t rows) {
    activate(Activation::kGelu, x.rows_range(first, rows));
  });
}

void normed_linear(const Linear& layer, const Ptv3Norm& norm, MatrixView x, MutableMatrixView out) {
  linear(layer, x, Activation::kNone, {}, out);
  normalize_and_activate(norm, out);
}

void normed_linear_in_place(const Linear& layer, const Ptv3Norm& norm, MatrixView x,
                            MutableMatrixView out) {
  for_each_block(x.rows, [&](std::size_t first, std::size_t rows) {
    ScratchMemory scratch;
    const MutableMatrixView product = scratch.matrix(rows, out.cols);
    linear_here(layer, x.rows_range(first, rows), Activation::kNone, {}, product);
    normalize_and_activate(norm, product);
    copy_matrix(product, out.rows_range(first, rows));
  });
}

void pooled_linear(const Linear& layer, const Ptv3Pooling& pooling, MatrixView x,
                   MutableMatrixView out) {
  const std::size_t blocks = (out.rows + kPooledVoxels - 1) / kPooledVoxels;
  parallel_each(blocks, 1, [&](std::size_t block) {
    const std::size_t first = block * kPooledVoxels;
    const std::size_t last = std::min(first + kPooledVoxels, out.rows);
    const std::size_t begin = pooling.begins[first];
    const auto members = pooling.members.subspan(begin, pooling.begins[last] - begin);
    ScratchMemory scratch;
    const MutableMatrixView gathered = scratch.matrix(members.size(), x.cols);
    const MutableMatrixView product = scratch.matrix(members.size(), out.cols);
    copy_rows(x, members, gathered);
    linear_here(layer, gathered, Activation::kNone, {}, product);
    for (std::size_t i = first; i < last; ++i) {
      float* to = out.row(i);
      std::fill_n(to, out.cols, -std::numeric_limits<float>::infinity());
      for (std::size_t m = pooling.begins[i]; m < pooling.begins[i + 1]; ++m) {
        const float* from = product.row(m - begin);
        for (std::size_t j = 0; j < out.cols; ++j) to[j] = std::max(to[j], from[j]);
      }
    }
  });
}

MatrixView gathered(MatrixView x, std::span<const std::uint32_t> rows, ScratchMemory& scratch) {
  const MutableMatrixView out = scratch.matrix(rows.size(), x.cols);
  for_each_block(rows.size(), [&](std::size_t first, std::size_t count) {
    copy_rows(x, rows.subspan(first, count), out.rows_range(first, count));
  });
  return out;
}

Matrix scattered(MatrixView x, std::span<const std::uint32_t> targets) {
  Matrix out(x.rows, x.cols);
  for_each_block(x.rows, [&](std::size_t first, std::size_t rows) {
    scatter(x.rows_range(first, rows), targets.subspan(first, rows), out);
  });
  return out;
}

Matrix scattered_linear(const Linear& layer, MatrixView x, std::span<const std::uint32_t> targets) {
  Matrix out(x.rows, layer.weight.cols());
  for_each_block(x.rows, [&](std::size_t first, std::size_t rows) {
    ScratchMemory scratch;
    const MutableMatrixView product = scratch.matrix(rows, out.cols());
    linear_here(layer, x.rows_range(first, rows), Activation::kNone, {}, product);
    scatter(product, targets.subspan(first, rows), out);
  });
  return out;
}

}  // namespace ptattn
