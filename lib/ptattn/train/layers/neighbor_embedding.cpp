#include "ptattn/train/layers/neighbor_embedding.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/elementwise.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"
#include "ptattn/train/kernels/transposed_product.hpp"
#include "ptattn/train/layers/row_passes.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kGrain = 16;  // centers of a task

LayerScope part(const LayerScope& scope, const char* name) {
  return {scope.name + name, scope.depth, scope.is_head, true};
}

void multiply_rows(MatrixView x, PackedMatrixView weight, MutableMatrixView y) {
  for_each_row_block(x.rows, [&](std::size_t first, std::size_t rows) {
    gemm(x.rows_range(first, rows), weight, 0, weight.panels(), {}, y.rows_range(first, rows));
  });
}

MatrixView gathered(MatrixView x, std::span<const std::uint32_t> rows, ScratchMemory& scratch) {
  const MutableMatrixView out = scratch.matrix(rows.size(), x.cols);
  for_each_row_block(rows.size(), [&](std::size_t first, std::size_t count) {
    copy_rows(x, rows.subspan(first, count), out.rows_range(first, count));
  });
  return out;
}

/// sums [out, in] = d^T x over all rows, chunk by chunk.
void sum_products(MatrixView d, MatrixView x, MutableMatrixView sums) {
  const RowChunks chunks(x.rows);
  const std::size_t size = sums.rows * sums.cols;
  ScratchMemory scratch;
  const auto parts = scratch.take<float>(chunks.count() * size);
  parallel_each(chunks.count(), 1, [&](std::size_t c) {
    const MutableMatrixView part_sums{parts.data() + c * size, sums.rows, sums.cols, sums.cols};
    std::fill_n(part_sums.data, size, 0.0F);
    const std::size_t rows = chunks.end(c) - chunks.begin(c);
    add_transposed_product(d.rows_range(chunks.begin(c), rows), x.rows_range(chunks.begin(c), rows),
                           part_sums);
  });
  for (std::size_t i = 0; i < sums.rows; ++i) {
    for (std::size_t j = 0; j < sums.cols; ++j) {
      float sum = 0.0F;
      for (std::size_t c = 0; c < chunks.count(); ++c) sum += parts[c * size + i * sums.cols + j];
      sums(i, j) = sum;
    }
  }
}

}  // namespace

NeighborEmbedding::NeighborEmbedding(ParameterSet& set, const LayerScope& scope, std::size_t in,
                                     std::size_t out, BatchNormLayer::Setting norm)
    : in_(in), out_(out) {
  weight_ =
      &set.declare(Parameter{.name = scope.name + ".conv1.weight",
                             .shape = {out, 2 * in, 1},
                             .decays = true,
                             .is_head = scope.is_head,
                             .depth = scope.depth,
                             .initial = {.uniform = 1.0F / std::sqrt(static_cast<float>(2 * in))}});
  second_ = DenseLayer(set, part(scope, ".conv2"), out, out, false);
  norm.activation = Activation::kRelu;
  first_norm_ = BatchNormLayer(set, part(scope, ".bn1"), out, norm);
  norm.activation = Activation::kNone;
  second_norm_ = BatchNormLayer(set, part(scope, ".bn2"), out, norm);
}

void NeighborEmbedding::pack(ScratchMemory& scratch) {
  second_.pack(scratch);
  const MutableMatrixView of_near = scratch.matrix(out_, in_);
  const MutableMatrixView of_center = scratch.matrix(out_, in_);
  for (std::size_t o = 0; o < out_; ++o) {
    const float* const row = weight_->value.data() + o * 2 * in_;
    for (std::size_t i = 0; i < in_; ++i) {
      of_near(o, i) = row[i];
      of_center(o, i) = row[in_ + i] - row[i];
    }
  }
  const auto packed = [&](MatrixView weight) {
    const MutablePackedMatrixView copy = packed_matrix(weight.rows, weight.cols, scratch);
    ptattn::pack(weight, copy);
    return PackedMatrixView(copy);
  };
  near_ = packed_transpose(of_near, scratch);
  center_ = packed_transpose(of_center, scratch);
  near_backward_ = packed(of_near);
  center_backward_ = packed(of_center);
  if (!weight_->in_bf16) return;
  for (PackedMatrixView* const one : {&near_, &center_, &near_backward_, &center_backward_}) {
    *one = rounded_to_bf16(*one, scratch);
  }
}

NeighborEmbeddingRecord NeighborEmbedding::forward(const Neighborhoods& where, MatrixView features,
                                                   NormStatistics statistics, MutableMatrixView out,
                                                   ScratchMemory& scratch) const {
  const std::size_t k = where.per_center();
  const std::size_t m = where.centers.size();
  NeighborEmbeddingRecord record{};
  record.where = where;
  record.features = features;
  record.centers = gathered(features, where.centers, scratch);
  const MutableMatrixView first = scratch.matrix(m * k, out_);
  const MutableMatrixView second = scratch.matrix(m * k, out_);
  const auto winners = scratch.take<std::uint32_t>(m * out_);
  {
    ScratchMemory temporary;
    const MutableMatrixView near = temporary.matrix(features.rows, out_);
    const MutableMatrixView center = temporary.matrix(m, out_);
    multiply_rows(features, near_, near);
    multiply_rows(record.centers, center_, center);
    parallel_each(m, kGrain, [&](std::size_t i) {
      for (std::size_t j = i * k; j < (i + 1) * k; ++j) {
        add_matrices(near.rows_range(where.neighbors[j], 1), center.rows_range(i, 1),
                     first.rows_range(j, 1));
      }
    });
  }
  record.first = first_norm_.prepare(first, statistics, scratch);
  for_each_row_block(m * k, [&](std::size_t begin, std::size_t rows) {
    ScratchMemory of_task;
    const MutableMatrixView hidden = of_task.matrix(rows, out_);
    first_norm_.apply(record.first, first.rows_range(begin, rows), hidden);
    second_.forward(hidden, second.rows_range(begin, rows));
  });
  record.second = second_norm_.prepare(second, statistics, scratch);
  const MutableMatrixView largest = largest_of(record.second, k, winners, scratch);
  record.largest = largest;
  record.winners = winners;
  for_each_row_block(m, [&](std::size_t begin, std::size_t rows) {
    const MutableMatrixView part_out = out.rows_range(begin, rows);
    for (std::size_t i = 0; i < rows; ++i) {
      std::copy_n(largest.row(begin + i), out_, part_out.row(i));
    }
    activate(Activation::kRelu, part_out);
  });
  return record;
}

/// The largest normalised value of each channel among a point's k neighbours.
MutableMatrixView NeighborEmbedding::largest_of(const BatchNormRecord& second, std::size_t k,
                                                std::span<std::uint32_t> winners,
                                                ScratchMemory& scratch) const {
  const std::size_t m = second.x.rows / k;
  const MutableMatrixView largest = scratch.matrix(m, out_);
  parallel_ranges(m, kGrain, [&](std::size_t begin, std::size_t end) {
    ScratchMemory of_task;
    const MutableMatrixView normed = of_task.matrix(k, out_);
    const auto rows = of_task.take<std::uint32_t>(k);
    std::iota(rows.begin(), rows.end(), 0U);
    for (std::size_t i = begin; i < end; ++i) {
      second_norm_.apply(second, second.x.rows_range(i * k, k), normed);
      const auto winner = winners.subspan(i * out_, out_);
      largest_of_rows(normed, rows, largest.row(i), winner.data());
      for (std::uint32_t& row : winner) row += static_cast<std::uint32_t>(i * k);
    }
  });
  return largest;
}

void NeighborEmbedding::backward(const NeighborEmbeddingRecord& record, MatrixView d_out,
                                 MutableMatrixView d_features) const {
  ScratchMemory scratch;
  const MutableMatrixView d_hidden = scratch.matrix(record.first.x.rows, out_);
  backward_second(record, d_out, d_hidden);
  first_norm_.backward(record.first, d_hidden);
  backward_first(record, d_hidden, d_features);
}

/// Sums over all rows of d, the derivatives of the second product's norm, and of d times what is
/// normalised. d is zero but where a row has the largest value of a channel.
std::span<const double> NeighborEmbedding::sum_winners(const NeighborEmbeddingRecord& record,
                                                       MatrixView d_out,
                                                       ScratchMemory& scratch) const {
  const BatchNormRecord& norm = record.second;
  const RowChunks chunks(d_out.rows);
  const auto totals = scratch.take<double>(2 * out_);
  std::ranges::fill(totals, 0.0);
  ScratchMemory temporary;
  const auto sums = temporary.take<double>(chunks.count() * 2 * out_);
  parallel_each(chunks.count(), 1, [&](std::size_t chunk) {
    double* const sum = sums.data() + chunk * 2 * out_;
    std::fill_n(sum, 2 * out_, 0.0);
    for (std::size_t i = chunks.begin(chunk); i < chunks.end(chunk); ++i) {
      const std::uint32_t* const winner = record.winners.data() + i * out_;
      for (std::size_t c = 0; c < out_; ++c) {
        if (record.largest(i, c) <= 0.0F) continue;
        const float normed = (norm.x(winner[c], c) - norm.mean[c]) * norm.scale[c];
        sum[c] += d_out(i, c);
        sum[out_ + c] += double{d_out(i, c)} * normed;
      }
    }
  });
  for (std::size_t s = 0; s < sums.size(); ++s) totals[s % totals.size()] += sums[s];
  return totals;
}

/// The derivatives of rows of the second product, from `first` on.
void NeighborEmbedding::spread_winners(const NeighborEmbeddingRecord& record, MatrixView d_out,
                                       const BatchNormSlopes& slopes, std::size_t first,
                                       MutableMatrixView d) const {
  const std::size_t k = record.where.per_center();
  scale_shift_activate(slopes.of_x.data(), slopes.offset.data(), Activation::kNone,
                       record.second.x.rows_range(first, d.rows), d);
  for (std::size_t i = first / k; i * k < first + d.rows; ++i) {
    const std::uint32_t* const winner = record.winners.data() + i * out_;
    for (std::size_t c = 0; c < out_; ++c) {
      const std::size_t row = std::size_t{winner[c]} - first;  // wraps below it
      if (record.largest(i, c) > 0.0F && row < d.rows) d(row, c) += slopes.slope[c] * d_out(i, c);
    }
  }
}

/// From the derivatives of the result to those of ReLU(BN(first product)).
void NeighborEmbedding::backward_second(const NeighborEmbeddingRecord& record, MatrixView d_out,
                                        MutableMatrixView d_hidden) const {
  ScratchMemory scratch;
  const auto totals = sum_winners(record, d_out, scratch);
  const BatchNormSlopes slopes = second_norm_.add_sums(record.second, totals, scratch);
  const RowChunks chunks(d_hidden.rows);
  const GradientSums sums(second_.first_parameter(), second_.last_parameter(), chunks.count(),
                          scratch);
  for_each_summed_block(
      chunks, sums, [&](std::size_t first, std::size_t rows, const ChunkSums& of_chunk) {
        ScratchMemory of_task;
        const MutableMatrixView hidden = of_task.matrix(rows, out_);
        const MutableMatrixView d = of_task.matrix(rows, out_);
        first_norm_.apply(record.first, record.first.x.rows_range(first, rows), hidden);
        spread_winners(record, d_out, slopes, first, d);
        second_.backward(hidden, d, of_chunk, d_hidden.rows_range(first, rows));
      });
  sums.add_up();
}

/// Adds the gradient of both halves of the first layer's weights.
void NeighborEmbedding::add_gradient(const NeighborEmbeddingRecord& record, MatrixView d_near,
                                     MatrixView d_center) const {
  ScratchMemory scratch;
  const MutableMatrixView of_near = scratch.matrix(out_, in_);
  const MutableMatrixView of_center = scratch.matrix(out_, in_);
  sum_products(d_near, record.features, of_near);
  sum_products(d_center, record.centers, of_center);
  for (std::size_t o = 0; o < out_; ++o) {
    float* const row = weight_->gradient.data() + o * 2 * in_;
    for (std::size_t i = 0; i < in_; ++i) {
      row[i] += of_near(o, i) - of_center(o, i);
      row[in_ + i] += of_center(o, i);
    }
  }
}

/// From the derivatives of the first product to those of the features.
void NeighborEmbedding::backward_first(const NeighborEmbeddingRecord& record, MatrixView d_product,
                                       MutableMatrixView d_features) const {
  const Neighborhoods& where = record.where;
  const std::size_t k = where.per_center();
  const std::size_t m = where.centers.size();
  ScratchMemory scratch;
  const MutableMatrixView d_near = scratch.matrix(record.features.rows, out_);
  const MutableMatrixView d_center = scratch.matrix(m, out_);
  const MutableMatrixView d_center_features = scratch.matrix(m, in_);
  const auto of_cloud = [](std::span<const std::size_t> ends, std::size_t cloud) {
    return std::pair(cloud == 0 ? std::size_t{0} : ends[cloud - 1], ends[cloud]);
  };
  parallel_each(where.point_ends.size(), 1, [&](std::size_t cloud) {
    const auto [first, end] = of_cloud(where.point_ends, cloud);
    std::fill_n(d_near.row(first), (end - first) * out_, 0.0F);
    const auto [center, last] = of_cloud(where.center_ends, cloud);
    for (std::size_t i = center; i < last; ++i) {
      const MutableMatrixView sum = d_center.rows_range(i, 1);
      std::fill_n(sum.data, out_, 0.0F);
      for (std::size_t j = i * k; j < (i + 1) * k; ++j) {
        const MutableMatrixView near = d_near.rows_range(where.neighbors[j], 1);
        add_matrices(near, d_product.rows_range(j, 1), near);
        add_matrices(sum, d_product.rows_range(j, 1), sum);
      }
    }
  });
  add_gradient(record, d_near, d_center);
  multiply_rows(d_near, near_backward_, d_features);
  multiply_rows(d_center, center_backward_, d_center_features);
  parallel_each(where.center_ends.size(), 1, [&](std::size_t cloud) {
    const auto [center, last] = of_cloud(where.center_ends, cloud);
    for (std::size_t i = center; i < last; ++i) {
      const MutableMatrixView row = d_features.rows_range(where.centers[i], 1);
      add_matrices(row, d_center_features.rows_range(i, 1), row);
    }
  });
}

}  // namespace ptattn::train
