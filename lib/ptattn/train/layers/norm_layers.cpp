#include "ptattn/train/layers/norm_layers.hpp"

#include <algorithm>
#include <cmath>

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/normalize.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kGrain = 256;  // rows of a task

Parameter& declare_vector(ParameterSet& set, const LayerScope& scope, const char* part,
                          std::size_t channels, float constant) {
  return set.declare(Parameter{.name = scope.name + part,
                               .shape = {channels},
                               .is_head = scope.is_head,
                               .depth = scope.depth,
                               .initial = {.constant = constant}});
}

NormWeights weights_of(const Parameter& gamma, const Parameter& beta) {
  return {gamma.value.data(), beta.value.data(), 1e-5F};
}

/// totals[j] = sum over all rows of what add(rows, sums) adds to sums [width]: float32 inside a
/// chunk, float64 across chunks.
template <class Add>
void sum_rows(std::size_t n, std::span<double> totals, const Add& add) {
  const RowChunks chunks(n);
  const std::size_t width = totals.size();
  ScratchMemory scratch;
  const auto sums = scratch.take<float>(chunks.count() * width);
  parallel_each(chunks.count(), 1, [&](std::size_t c) {
    const auto of_chunk = sums.subspan(c * width, width);
    std::ranges::fill(of_chunk, 0.0F);
    add(chunks.begin(c), chunks.end(c), of_chunk);
  });
  std::ranges::fill(totals, 0.0);
  for (std::size_t c = 0; c < chunks.count(); ++c) {
    for (std::size_t j = 0; j < width; ++j) totals[j] += sums[c * width + j];
  }
}

/// x[begin, end)
MatrixView rows_of(MatrixView x, std::size_t begin, std::size_t end) {
  return x.rows_range(begin, end - begin);
}

}  // namespace

LayerNormLayer::LayerNormLayer(ParameterSet& set, const LayerScope& scope, std::size_t channels)
    : gamma_(&declare_vector(set, scope, ".weight", channels, 1.0F)),
      beta_(&declare_vector(set, scope, ".bias", channels, 0.0F)) {}

void LayerNormLayer::forward(MatrixView x, MutableMatrixView y) const {
  normalize_rows(weights_of(*gamma_, *beta_), x, y);
}

void LayerNormLayer::backward(MatrixView x, MatrixView d_y, const ChunkSums& sums,
                              MutableMatrixView d_x) const {
  add_normalize_gradient(weights_of(*gamma_, *beta_), x, d_y, d_x, sums.of(*gamma_),
                         sums.of(*beta_));
}

BatchNormLayer::BatchNormLayer(ParameterSet& set, const LayerScope& scope, std::size_t channels,
                               const Setting& setting)
    : gamma_(&declare_vector(set, scope, ".weight", channels, 1.0F)),
      beta_(&declare_vector(set, scope, ".bias", channels, 0.0F)),
      running_mean_(&set.declare(
          Buffer{.name = scope.name + ".running_mean", .shape = {channels}, .initial = 0.0F})),
      running_variance_(&set.declare(
          Buffer{.name = scope.name + ".running_var", .shape = {channels}, .initial = 1.0F})),
      setting_(setting) {}

/// One pass over x: moments about its first row, which lies among the values, so that the variance
/// is no difference of large numbers.
void BatchNormLayer::take_statistics(MatrixView x, std::span<float> mean,
                                     std::span<float> variance) const {
  const std::size_t c = x.cols;
  const auto n = static_cast<double>(x.rows);
  const float* const origin = x.row(0);
  ScratchMemory scratch;
  const auto totals = scratch.take<double>(2 * c);
  sum_rows(x.rows, totals, [&](std::size_t begin, std::size_t end, std::span<float> sums) {
    add_column_moments(rows_of(x, begin, end), origin, sums.data(), sums.data() + c);
  });
  const double m = setting_.momentum;
  for (std::size_t j = 0; j < c; ++j) {
    const double shift = totals[j] / n;
    const double squares = std::max(0.0, totals[c + j] - n * shift * shift);
    mean[j] = static_cast<float>(origin[j] + shift);
    variance[j] = static_cast<float>(squares / n);
    float& running_mean = running_mean_->value[j];
    float& running_variance = running_variance_->value[j];
    const double unbiased = squares / std::max(1.0, n - 1.0);
    running_mean = static_cast<float>((1.0 - m) * running_mean + m * mean[j]);
    running_variance = static_cast<float>((1.0 - m) * running_variance + m * unbiased);
  }
}

BatchNormRecord BatchNormLayer::prepare(MatrixView x, NormStatistics statistics,
                                        ScratchMemory& scratch) const {
  const std::size_t c = x.cols;
  const auto mean = scratch.take<float>(c);
  const auto scale = scratch.take<float>(c);
  const auto slope = scratch.take<float>(c);
  const auto shift = scratch.take<float>(c);
  if (statistics == NormStatistics::kOfStep && x.rows > 0) {
    take_statistics(x, mean, scale);
  } else {
    std::ranges::copy(running_mean_->value, mean.begin());
    std::ranges::copy(running_variance_->value, scale.begin());
  }
  for (std::size_t j = 0; j < c; ++j) {
    scale[j] = static_cast<float>(1.0 / std::sqrt(double{scale[j]} + setting_.eps));
    slope[j] = scale[j] * gamma_->value[j];
    shift[j] = beta_->value[j] - slope[j] * mean[j];
  }
  return {x, mean, scale, slope, shift, statistics};
}

void BatchNormLayer::apply(const BatchNormRecord& record, MatrixView x, MutableMatrixView y) const {
  scale_shift_activate(record.slope.data(), record.shift.data(), setting_.activation, x, y);
}

BatchNormRecord BatchNormLayer::forward(MatrixView x, NormStatistics statistics,
                                        MutableMatrixView y, ScratchMemory& scratch) const {
  const BatchNormRecord record = prepare(x, statistics, scratch);
  parallel_ranges(x.rows, kGrain, [&](std::size_t begin, std::size_t end) {
    apply(record, rows_of(x, begin, end), y.rows_range(begin, end - begin));
  });
  return record;
}

void BatchNormLayer::backward(const BatchNormRecord& record, MutableMatrixView d) const {
  const MatrixView x = record.x;
  const std::size_t c = x.cols;
  ScratchMemory scratch;
  const auto totals = scratch.take<double>(2 * c);  // of d beta, then of d gamma
  const std::span<const float> slope = record.slope;
  sum_rows(x.rows, totals, [&](std::size_t begin, std::size_t end, std::span<float> sums) {
    constexpr std::size_t kRows = 64;
    ScratchMemory of_task;
    const MutableMatrixView lines = of_task.matrix(kRows, c);
    for (std::size_t first = begin; first < end; first += kRows) {
      const std::size_t rows = std::min(kRows, end - first);
      const MatrixView of_x = x.rows_range(first, rows);
      const MutableMatrixView of_d = d.rows_range(first, rows);
      if (setting_.activation != Activation::kNone) {
        const MutableMatrixView line = lines.rows_range(0, rows);
        scale_shift_activate(slope.data(), record.shift.data(), Activation::kNone, of_x, line);
        multiply_by_derivative(setting_.activation, line, of_d);
      }
      add_column_sums(of_d, sums.data());
      add_column_products(of_d, of_x, record.mean.data(), record.scale.data(), sums.data() + c);
    }
  });
  const BatchNormSlopes slopes = add_sums(record, totals, scratch);
  parallel_ranges(x.rows, kGrain, [&](std::size_t begin, std::size_t end) {
    const MutableMatrixView rows = d.rows_range(begin, end - begin);
    combine_channels(slopes.slope.data(), rows, slopes.of_x.data(), rows_of(x, begin, end),
                     slopes.offset.data(), rows);
  });
}

// With y = (x - mean) scale: d x = slope (d - mean of d - y mean of (d y)).
BatchNormSlopes BatchNormLayer::add_sums(const BatchNormRecord& record,
                                         std::span<const double> totals,
                                         ScratchMemory& scratch) const {
  const std::size_t c = record.x.cols;
  const std::span<const float> slope = record.slope;
  const auto of_x = scratch.take<float>(c);
  const auto offset = scratch.take<float>(c);
  const bool moves = record.statistics == NormStatistics::kOfStep;
  const auto n = static_cast<double>(std::max<std::size_t>(1, record.x.rows));
  for (std::size_t j = 0; j < c; ++j) {
    beta_->gradient[j] += static_cast<float>(totals[j]);
    gamma_->gradient[j] += static_cast<float>(totals[c + j]);
    const double per_x = moves ? -slope[j] * double{record.scale[j]} * totals[c + j] / n : 0.0;
    const double constant = moves ? -slope[j] * totals[j] / n : 0.0;
    of_x[j] = static_cast<float>(per_x);
    offset[j] = static_cast<float>(constant - per_x * record.mean[j]);
  }
  return {slope, of_x, offset};
}

}  // namespace ptattn::train
