#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/train/layers/dense_layer.hpp"

namespace ptattn::train {

/// Rows that a task works on at a time: what a layer makes of them stays in the second-level cache.
inline constexpr std::size_t kRowBlock = 128;

/// Calls body(first, rows) for blocks that cover [0, n), in parallel. Every row must have a result
/// of its own.
template <class Body>
void for_each_row_block(std::size_t n, const Body& body) {
  constexpr std::size_t kFewRows = 16 * kRowBlock;  // smaller blocks keep all threads busy
  const std::size_t size = n > kFewRows ? kRowBlock : kRowBlock / 2;
  parallel_each((n + size - 1) / size, 1, [&](std::size_t block) {
    const std::size_t first = block * size;
    body(first, std::min(size, n - first));
  });
}

/// Calls body(first, rows, sums) for blocks of rows, chunks in parallel, the blocks of a chunk one
/// after the other.
template <class Body>
void for_each_summed_block(const RowChunks& chunks, const GradientSums& sums, const Body& body) {
  parallel_each(chunks.count(), 1, [&](std::size_t c) {
    const ChunkSums of_chunk = sums.chunk(c);
    const std::size_t begin = chunks.begin(c);
    const std::size_t rows = chunks.end(c) - begin;
    const std::size_t blocks = (rows + kRowBlock - 1) / kRowBlock;
    for (std::size_t b = 0; b < blocks; ++b) {  // of much the same size
      const std::size_t first = b * rows / blocks;
      body(begin + first, (b + 1) * rows / blocks - first, of_chunk);
    }
  });
}

/// y = layer(x) for all rows, in parallel.
void forward_rows(const DenseLayer& layer, MatrixView x, MutableMatrixView y);

/// Adds the derivatives of the layer's weights to the gradients; d_x = derivatives of x.
/// @param d_x  [n, in], written; empty: not wanted
void backward_rows(const DenseLayer& layer, MatrixView x, MatrixView d_y, MutableMatrixView d_x);

/// x += y, in parallel.
void add_rows(MatrixView y, MutableMatrixView x);

/// x[i] += y[rows[i]], in parallel.
void add_listed_rows(MatrixView y, std::span<const std::uint32_t> rows, MutableMatrixView x);

}  // namespace ptattn::train
