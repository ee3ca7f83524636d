#include "ptattn/nn/kernel_regression.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/minimize.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/kernel_pooling.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kAllGrain = 16;     // queries of all keys worth a task
constexpr std::size_t kListGrain = 1024;  // lists worth a task
constexpr std::size_t kListBlock = 64;    // lists whose weights exist at a time

[[noreturn]] void refuse(const std::string& problem) {
  throw Error(Fault::kUsage, "kernel regression", problem);
}

void check_pooling(const KernelPooling& pooling, std::size_t queries, std::size_t keys,
                   std::size_t support) {
  const std::size_t widths = pooling.bandwidth.size();
  if (widths != 1 && widths != queries && !(widths == 0 && pooling.kernel == Kernel::kConstant)) {
    refuse(std::to_string(widths) + " bandwidths, expected 1 or one a query");
  }
  if (!std::ranges::all_of(pooling.bandwidth, [](float h) { return h >= 0.0F; })) {
    refuse("a bandwidth is negative or NaN, expected 0 or more");
  }
  if (pooling.leave_one_out && queries != keys) {
    refuse(std::to_string(queries) + " queries and " + std::to_string(keys) +
           " keys, leave-one-out expects the same points");
  }
  if (support != 0 && support != queries) refuse("support expects a number a query");
}

void check_keys(MatrixView queries, MatrixView keys) {
  if (queries.cols != keys.cols) {
    refuse("queries of " + std::to_string(queries.cols) + " columns, keys of " +
           std::to_string(keys.cols) + ", expected as many");
  }
}

void check_values(MatrixView queries, MatrixView keys, MatrixView values, MatrixView out) {
  if (values.rows != keys.rows) {
    refuse(std::to_string(values.rows) + " values, expected one for each of " +
           std::to_string(keys.rows) + " keys");
  }
  if (out.rows != queries.rows || out.cols != values.cols) refuse("the result has another shape");
}

/// Entries a list.
std::size_t list_length(std::span<const std::uint32_t> neighbors, std::size_t queries) {
  if (queries == 0 ? !neighbors.empty() : neighbors.size() % queries != 0) {
    refuse(std::to_string(neighbors.size()) + " neighbours, expected a list of equal length for " +
           "each of " + std::to_string(queries) + " queries");
  }
  return queries == 0 ? 0 : neighbors.size() / queries;
}

}  // namespace

void kernel_regression(MatrixView queries, MatrixView keys, MatrixView values,
                       const KernelPooling& pooling, MutableMatrixView out,
                       std::span<float> support) {
  check_keys(queries, keys);
  check_values(queries, keys, values, out);
  check_pooling(pooling, queries.rows, keys.rows, support.size());
  const BlockedKeys blocked(keys);
  parallel_ranges(queries.rows, kAllGrain, [&](std::size_t begin, std::size_t end) {
    pool_all(queries, blocked, values, pooling, begin, end, out, support);
  });
}

void neighbor_kernel_weights(MatrixView queries, MatrixView keys,
                             std::span<const std::uint32_t> neighbors, const KernelPooling& pooling,
                             MutableMatrixView out, std::span<float> support) {
  check_keys(queries, keys);
  check_pooling(pooling, queries.rows, keys.rows, support.size());
  const std::size_t r = list_length(neighbors, queries.rows);
  if (out.rows != queries.rows || out.cols != r) refuse("the weights have another shape");
  parallel_ranges(queries.rows, kListGrain, [&](std::size_t begin, std::size_t end) {
    weigh_neighbors(queries, keys, neighbors, pooling, begin, end,
                    out.rows_range(begin, end - begin), support);
  });
}

void neighbor_kernel_regression(MatrixView queries, MatrixView keys, MatrixView values,
                                std::span<const std::uint32_t> neighbors,
                                const KernelPooling& pooling, MutableMatrixView out,
                                std::span<float> support) {
  check_keys(queries, keys);
  check_values(queries, keys, values, out);
  check_pooling(pooling, queries.rows, keys.rows, support.size());
  const std::size_t r = list_length(neighbors, queries.rows);
  parallel_ranges(queries.rows, kListGrain, [&](std::size_t begin, std::size_t end) {
    Matrix weights(kListBlock, r);
    for (std::size_t first = begin; first < end; first += kListBlock) {
      const std::size_t last = std::min(first + kListBlock, end);
      weigh_neighbors(queries, keys, neighbors, pooling, first, last,
                      weights.view().rows_range(0, last - first), support);
      for (std::size_t i = first; i < last; ++i) {
        add_weighted_rows({weights.row(i - first), r}, neighbors.data() + i * r, values,
                          out.row(i));
      }
    }
  });
}

namespace {

/// Predictions without the point itself, and whether there was anything to predict from.
struct Predictions {
  Matrix values;
  std::vector<float> support;
};

Predictions predict(MatrixView keys, MatrixView values, std::span<const std::uint32_t> neighbors,
                    Kernel kernel, float bandwidth) {
  Predictions predictions{Matrix(values.rows, values.cols), std::vector<float>(keys.rows)};
  const KernelPooling pooling{kernel, {&bandwidth, 1}, true};
  if (neighbors.empty()) {
    kernel_regression(keys, keys, values, pooling, predictions.values, predictions.support);
  } else {
    neighbor_kernel_regression(keys, keys, values, neighbors, pooling, predictions.values,
                               predictions.support);
  }
  return predictions;
}

double squared_error(const float* predicted, const float* actual, std::size_t columns) {
  double sum = 0.0;
  for (std::size_t c = 0; c < columns; ++c) {
    const double error = double{predicted[c]} - actual[c];
    sum += error * error;
  }
  return sum;
}

/// The loss, given the answers of the infinitely wide kernel.
double loss_of(MatrixView values, const Predictions& predictions, const Predictions& widest) {
  const double counted = deterministic_sum(
      values.rows, [&](std::size_t i) { return widest.support[i] > 0.0F ? 1.0 : 0.0; });
  const double sum = deterministic_sum(values.rows, [&](std::size_t i) {
    if (!(widest.support[i] > 0.0F)) return 0.0;
    const Predictions& known = predictions.support[i] > 0.0F ? predictions : widest;
    return squared_error(known.values.row(i), values.row(i), values.cols);
  });
  return counted > 0.0 ? sum / counted : 0.0;
}

/// A length beyond all distances between keys: the diagonal of their bounding box.
double diagonal(MatrixView keys) {
  double sum = 0.0;
  for (std::size_t a = 0; a < keys.cols; ++a) {
    float low = keys(0, a);
    float high = low;
    for (std::size_t i = 1; i < keys.rows; ++i) {
      low = std::min(low, keys(i, a));
      high = std::max(high, keys(i, a));
    }
    sum += (double{high} - low) * (double{high} - low);
  }
  return std::sqrt(sum);
}

/// Largest distance within the lists; zero when there is none.
double longest(MatrixView keys, std::span<const std::uint32_t> neighbors) {
  const std::size_t r = neighbors.size() / keys.rows;
  std::vector<double> of_list(keys.rows, 0.0);
  parallel_each(keys.rows, kListGrain, [&](std::size_t i) {
    for (std::size_t j = 0; j < r; ++j) {
      const std::uint32_t other = neighbors[i * r + j];
      if (other < keys.rows) {
        of_list[i] = std::max(of_list[i], squared_error(keys.row(i), keys.row(other), keys.cols));
      }
    }
  });
  return std::sqrt(std::ranges::max(of_list));
}

}  // namespace

double leave_one_out_loss(MatrixView keys, MatrixView values,
                          std::span<const std::uint32_t> neighbors, Kernel kernel,
                          float bandwidth) {
  return loss_of(values, predict(keys, values, neighbors, kernel, bandwidth),
                 predict(keys, values, neighbors, Kernel::kConstant, 1.0F));
}

BandwidthFit fit_bandwidth(MatrixView keys, MatrixView values,
                           std::span<const std::uint32_t> neighbors, Kernel kernel) {
  if (keys.rows < 2) refuse(std::to_string(keys.rows) + " points, a width needs at least 2");
  const Predictions widest = predict(keys, values, neighbors, Kernel::kConstant, 1.0F);
  const double constant = loss_of(values, widest, widest);
  const double reach = neighbors.empty() ? diagonal(keys) : longest(keys, neighbors);
  if (!(reach > 0.0)) return {1.0, constant, constant};  // all coincide: any width is the same
  // Along a curve of n points the spacing is reach / n; on surfaces and in space it is wider.
  const double least = reach / (4.0 * static_cast<double>(neighbors.empty() ? keys.rows : 256));
  const Minimum best = minimize_over_log(least, 2.0 * reach, [&](double h) {
    return loss_of(values, predict(keys, values, neighbors, kernel, static_cast<float>(h)), widest);
  });
  return {best.at, best.value, constant};
}

}  // namespace ptattn
