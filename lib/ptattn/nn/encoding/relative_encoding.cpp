#include "ptattn/nn/encoding/relative_encoding.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/table_bias.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr char kSubject[] = "relative encoding";
// Neighbours that are worked on at a time; their hidden rows stay in the first-level cache.
constexpr std::size_t kBlockRows = 128;

[[noreturn]] void refuse(const std::string& problem) {
  throw Error(Fault::kUsage, kSubject, problem);
}

void check_mlp(const RelativeMlpWeights& w, MatrixView queries, MatrixView keys,
               std::size_t neighbors, MatrixView out) {
  if (w.hidden.weight.rows() != 3 || w.hidden.weight.cols() != 3 || w.hidden.bias.size() != 3 ||
      w.out.weight.rows() != 3) {
    refuse("the weights are not those of layers 3 -> 3 -> c");
  }
  check_shape(kSubject, "the queries' positions", queries, queries.rows, 3);
  check_shape(kSubject, "the keys' positions", keys, keys.rows, 3);
  if (queries.rows == 0 ? neighbors != 0 : neighbors % queries.rows != 0) {
    refuse(std::to_string(neighbors) + " neighbours do not divide among " +
           std::to_string(queries.rows) + " queries");
  }
  check_shape(kSubject, "the result", out, neighbors, w.out.weight.cols());
}

/// ReLU(hidden (p - q)): nine products, too few for the matrix kernel.
void hidden_row(const DenseWeights& layer, const float* query, const float* key, float* out) {
  const std::array<float, 3> step{key[0] - query[0], key[1] - query[1], key[2] - query[2]};
  for (std::size_t o = 0; o < 3; ++o) {
    const float* row = layer.weight.row(o);
    const float sum = row[0] * step[0] + row[1] * step[1] + row[2] * step[2] + layer.bias[o];
    out[o] = std::max(sum, 0.0F);
  }
}

/// [n, 3] row-major to three runs of n.
std::span<const std::int32_t> by_axis(std::span<const std::int32_t> grid, ScratchMemory& scratch) {
  const std::size_t n = grid.size() / 3;
  const auto runs = scratch.take<std::int32_t>(3 * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t a = 0; a < 3; ++a) runs[a * n + i] = grid[3 * i + a];
  }
  return runs;
}

}  // namespace

void relative_mlp(const RelativeMlpWeights& w, MatrixView queries, MatrixView keys,
                  std::span<const std::uint32_t> neighbors, MutableMatrixView out) {
  check_mlp(w, queries, keys, neighbors.size(), out);
  if (neighbors.empty()) return;
  const std::size_t k = neighbors.size() / queries.rows;
  const Epilogue epilogue{.bias = w.out.bias.empty() ? nullptr : w.out.bias.data()};
  parallel_ranges(neighbors.size(), kBlockRows, [&](std::size_t begin, std::size_t end) {
    ScratchMemory scratch;
    const MutableMatrixView hidden = scratch.matrix(kBlockRows, 3);
    for (std::size_t first = begin; first < end; first += kBlockRows) {
      const std::size_t count = std::min(kBlockRows, end - first);
      for (std::size_t r = 0; r < count; ++r) {
        hidden_row(w.hidden, queries.row((first + r) / k), keys.row(neighbors[first + r]),
                   hidden.row(r));
      }
      gemm(hidden.rows_range(0, count), w.out.weight, 0, w.out.weight.panels(), epilogue,
           out.rows_range(first, count));
    }
  });
}

RelativeTable::RelativeTable(MatrixView table)
    : heads_(table.cols, table.rows), bound_(table.rows / 6) {
  if (table.rows != 3 * (2 * bound_ + 1)) {
    refuse("a table has " + std::to_string(table.rows) + " rows, expected 3 (2b + 1)");
  }
  for (std::size_t i = 0; i < table.rows; ++i) {
    for (std::size_t head = 0; head < table.cols; ++head) heads_(head, i) = table(i, head);
  }
}

void RelativeTable::bias(std::size_t head, std::span<const std::int32_t> queries,
                         std::span<const std::int32_t> keys, MutableMatrixView out) const {
  if (head >= heads()) {
    refuse("no head " + std::to_string(head) + " in a table of " + std::to_string(heads()));
  }
  check_shape(kSubject, "the result", out, queries.size() / 3, keys.size() / 3);
  ScratchMemory scratch;
  table_bias(heads_.row(head), static_cast<std::int32_t>(bound_), queries, by_axis(keys, scratch),
             out);
}

}  // namespace ptattn
