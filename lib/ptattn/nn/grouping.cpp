#include "ptattn/nn/grouping.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/gather.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

// Gathered rows that are worked on at a time: with 256 channels they take 64 KiB, and stay with the
// weights (256 KiB) in a second-level cache of 512 KiB.
constexpr std::size_t kBlockRows = 64;

/// Columns [begin, begin + count) of `m`, minus those of `other` if given.
Matrix columns(const Matrix& m, std::size_t begin, std::size_t count, const Matrix* other) {
  Matrix part(m.rows(), count);
  for (std::size_t i = 0; i < m.rows(); ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      part(i, j) = m(i, begin + j) - (other != nullptr ? (*other)(i, j) : 0.0F);
    }
  }
  return part;
}

}  // namespace

GroupingWeights::GroupingWeights(const DenseWeights& first, DenseWeights second_layer) {
  const std::size_t in = first.weight.cols() / 2;
  Matrix weight_a = columns(first.weight, 0, in, nullptr);
  Matrix difference = columns(first.weight, in, in, &weight_a);
  neighbor = Linear({std::move(weight_a), {}});
  center = Linear({std::move(difference), first.bias});
  second = Linear(std::move(second_layer));
}

void embed_neighborhoods(const GroupingWeights& w, MatrixView features,
                         std::span<const std::uint32_t> centers,
                         std::span<const std::uint32_t> neighbors, MutableMatrixView out) {
  check_shape("neighbour embedding", "the result", out, centers.size(), w.second.weight.cols());
  if (centers.empty()) return;
  ScratchMemory scratch;
  const MatrixView near = linear(w.neighbor, features, Activation::kNone, scratch);
  const MutableMatrixView center_features = scratch.matrix(centers.size(), features.cols);
  copy_rows(features, centers, center_features);
  const MatrixView at_center = linear(w.center, center_features, Activation::kNone, scratch);
  const std::size_t k = neighbors.size() / centers.size();
  const std::size_t block = std::max<std::size_t>(1, kBlockRows / k);
  const Epilogue epilogue{
      w.second.bias.empty() ? nullptr : w.second.bias.data(), Activation::kRelu, {}};

  parallel_ranges(centers.size(), block, [&](std::size_t begin, std::size_t end) {
    ScratchMemory mine;
    const MutableMatrixView hidden = mine.matrix(block * k, near.cols);
    for (std::size_t first = begin; first < end; first += block) {
      const std::size_t count = std::min(block, end - first);
      for (std::size_t i = 0; i < count; ++i) {
        gather_add_relu(near, neighbors.subspan((first + i) * k, k), at_center.row(first + i),
                        hidden.rows_range(i * k, k));
      }
      gemm_max(hidden.rows_range(0, count * k), w.second.weight, 0, w.second.weight.panels(),
               epilogue, out.rows_range(first, count));
    }
  });
}

Matrix gather_rows(MatrixView x, std::span<const std::uint32_t> indices) {
  Matrix rows(indices.size(), x.cols);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::copy_n(x.row(indices[i]), x.cols, rows.row(i));
  }
  return rows;
}

}  // namespace ptattn
