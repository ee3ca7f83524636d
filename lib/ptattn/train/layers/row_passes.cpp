#include "ptattn/train/layers/row_passes.hpp"

#include "ptattn/nn/kernels/rows.hpp"

namespace ptattn::train {

void forward_rows(const DenseLayer& layer, MatrixView x, MutableMatrixView y) {
  for_each_row_block(x.rows, [&](std::size_t first, std::size_t rows) {
    layer.forward(x.rows_range(first, rows), y.rows_range(first, rows));
  });
}

void backward_rows(const DenseLayer& layer, MatrixView x, MatrixView d_y, MutableMatrixView d_x) {
  const RowChunks chunks(x.rows);
  ScratchMemory scratch;
  const GradientSums sums(layer.first_parameter(), layer.last_parameter(), chunks.count(), scratch);
  for_each_summed_block(
      chunks, sums, [&](std::size_t first, std::size_t rows, const ChunkSums& of_chunk) {
        layer.backward(x.rows_range(first, rows), d_y.rows_range(first, rows), of_chunk,
                       d_x.data == nullptr ? d_x : d_x.rows_range(first, rows));
      });
  sums.add_up();
}

void add_rows(MatrixView y, MutableMatrixView x) {
  for_each_row_block(x.rows, [&](std::size_t first, std::size_t rows) {
    const MutableMatrixView part = x.rows_range(first, rows);
    add_matrices(part, y.rows_range(first, rows), part);
  });
}

void add_listed_rows(MatrixView y, std::span<const std::uint32_t> rows, MutableMatrixView x) {
  for_each_row_block(x.rows, [&](std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) {
      const MutableMatrixView row = x.rows_range(i, 1);
      add_matrices(row, y.rows_range(rows[i], 1), row);
    }
  });
}

}  // namespace ptattn::train
