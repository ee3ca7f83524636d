#include "ptattn/train/layers/segment_pooling.hpp"

#include <algorithm>

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kGrain = 64;  // segments of a task

}  // namespace

std::span<const std::uint32_t> segment_max(MatrixView x, const Segments& segments,
                                           MutableMatrixView out, ScratchMemory& scratch) {
  const std::size_t c = x.cols;
  const auto winners = scratch.take<std::uint32_t>(segments.size() * c);
  parallel_each(segments.size(), kGrain, [&](std::size_t s) {
    largest_of_rows(x, segments.rows_of(s), out.row(s), winners.data() + s * c);
  });
  return winners;
}

void segment_max_backward(std::span<const std::uint32_t> winners, const Segments& segments,
                          MatrixView d_out, MutableMatrixView d_x) {
  parallel_each(segments.size(), kGrain, [&](std::size_t s) {
    for (const std::uint32_t row : segments.rows_of(s)) {
      std::fill_n(d_x.row(row), d_x.cols, 0.0F);
    }
    for (std::size_t j = 0; j < d_out.cols; ++j) {
      d_x(winners[s * d_out.cols + j], j) = d_out(s, j);
    }
  });
}

void segment_sum(MatrixView x, const Segments& segments, MutableMatrixView out) {
  parallel_each(segments.size(), kGrain, [&](std::size_t s) {
    const MutableMatrixView row = out.rows_range(s, 1);
    std::fill_n(row.data, out.cols, 0.0F);
    for (const std::uint32_t member : segments.rows_of(s)) {
      add_matrices(row, x.rows_range(member, 1), row);
    }
  });
}

}  // namespace ptattn::train
