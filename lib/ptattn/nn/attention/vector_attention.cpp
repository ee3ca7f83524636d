#include "ptattn/nn/attention/vector_attention.hpp"

#include <algorithm>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/softmax.hpp"
#include "ptattn/nn/kernels/vector_attention.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr char kSubject[] = "vector attention";
// Rows of neighbours that are worked on at a time. relative_mlp stays on the calling thread for as
// many, and with up to 128 channels all of them stay in a second-level cache.
constexpr std::size_t kBlockRows = 128;

/// What every query sees: positions and projections of all points.
struct Points {
  MatrixView positions;
  MatrixView query;
  MatrixView key;
  MatrixView value;
};

/// Rows of neighbours of some queries, one query's after the other.
struct NeighborRows {
  NeighborRows(std::size_t rows, std::size_t channels, std::size_t hidden_channels,
               ScratchMemory& scratch)
      : offsets(scratch.matrix(rows, channels)),
        scores(scratch.matrix(rows, channels)),
        hidden(scratch.matrix(rows, hidden_channels)),
        weights(scratch.matrix(rows, channels)) {}

  MutableMatrixView offsets;  // delta
  MutableMatrixView scores;   // what gamma's layers work on
  MutableMatrixView hidden;
  MutableMatrixView weights;
};

void run(const Linear& layer, Activation activation, MatrixView x, MutableMatrixView out) {
  const float* bias = layer.bias.empty() ? nullptr : layer.bias.data();
  gemm(x, layer.weight, 0, layer.weight.panels(), {bias, activation, {}}, out);
}

/// Attention of the queries from `first` on, k neighbours each.
/// @param out  [queries, c]
void attend(const VectorAttentionWeights& w, const Points& p, std::size_t first,
            std::span<const std::uint32_t> neighbors, const NeighborRows& all,
            MutableMatrixView out) {
  const std::size_t count = out.rows;
  const std::size_t k = neighbors.size() / count;
  const auto rows = [&](MutableMatrixView m) { return m.rows_range(0, neighbors.size()); };
  relative_mlp(w.position, p.positions.rows_range(first, count), p.positions, neighbors,
               rows(all.offsets));
  for (std::size_t i = 0; i < count; ++i) {
    vector_scores(p.query.row(first + i), p.key, neighbors.subspan(i * k, k),
                  all.offsets.rows_range(i * k, k),
                  {w.weight_norm.scale.data(), w.weight_norm.shift.data()},
                  all.scores.rows_range(i * k, k));
  }
  run(w.weight_hidden, Activation::kRelu, rows(all.scores), rows(all.hidden));
  run(w.weight_out, Activation::kNone, rows(all.hidden), rows(all.weights));
  for (std::size_t i = 0; i < count; ++i) {
    const MutableMatrixView weights = all.weights.rows_range(i * k, k);
    softmax_columns(weights);
    pool_neighbors(p.value, neighbors.subspan(i * k, k), all.offsets.rows_range(i * k, k), weights,
                   out.row(i));
  }
}

void check_operands(const VectorAttentionWeights& w, MatrixView positions, MatrixView x,
                    std::size_t neighbors, MatrixView out) {
  const std::size_t channels = w.value.weight.cols();
  const std::size_t k = neighbors / x.rows;
  check_shape(kSubject, "the points' matrix", x, x.rows, channels);
  check_shape(kSubject, "the positions' matrix", positions, x.rows, 3);
  check_shape(kSubject, "the neighbours' list", {nullptr, neighbors, 1, 1},
              x.rows * std::max<std::size_t>(1, k), 1);
  check_shape(kSubject, "the result", out, x.rows, channels);
}

}  // namespace

void vector_attention(const VectorAttentionWeights& w, MatrixView positions, MatrixView x,
                      std::span<const std::uint32_t> neighbors, MutableMatrixView out,
                      const VectorAttentionListener& listener) {
  if (x.rows == 0) return;
  check_operands(w, positions, x, neighbors.size(), out);
  ScratchMemory scratch;
  const Points points{positions, linear(w.query, x, Activation::kNone, scratch),
                      linear(w.key, x, Activation::kNone, scratch),
                      linear(w.value, x, Activation::kNone, scratch)};
  const std::size_t k = neighbors.size() / x.rows;
  const std::size_t block = std::max<std::size_t>(1, kBlockRows / k);
  const auto attend_range = [&](std::size_t begin, std::size_t end) {
    ScratchMemory mine;
    const NeighborRows rows(block * k, x.cols, w.weight_hidden.weight.cols(), mine);
    for (std::size_t first = begin; first < end; first += block) {
      const std::size_t count = std::min(block, end - first);
      attend(w, points, first, neighbors.subspan(first * k, count * k), rows,
             out.rows_range(first, count));
      if (!listener) continue;
      for (std::size_t i = 0; i < count; ++i) {
        listener(first + i, rows.weights.rows_range(i * k, k));
      }
    }
  };
  if (listener) {
    attend_range(0, x.rows);
  } else {
    parallel_ranges(x.rows, block, attend_range);
  }
}

}  // namespace ptattn
