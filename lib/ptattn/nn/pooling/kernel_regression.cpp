#include "ptattn/nn/pooling/kernel_regression.hpp"

#include <algorithm>
#include <string>

#include "ptattn/core/error.hpp"
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

void check_pooling(const KernelPooling& pooling, std::size_t queries, std::size_t support) {
  const std::size_t widths = pooling.bandwidth.size();
  if (widths != 1 && widths != queries && !(widths == 0 && pooling.kernel == Kernel::kConstant)) {
    refuse(std::to_string(widths) + " bandwidths, expected 1 or one per query");
  }
  if (!std::ranges::all_of(pooling.bandwidth, [](float h) { return h >= 0.0F; })) {
    refuse("a bandwidth is negative or NaN, expected 0 or more");
  }
  if (!pooling.self.empty() && pooling.self.size() != queries) {
    refuse("left out are " + std::to_string(pooling.self.size()) + " keys, expected one per query");
  }
  if (support != 0 && support != queries) refuse("support expects a number per query");
}

void check_keys(MatrixView queries, MatrixView keys) {
  if (queries.cols != keys.cols) {
    refuse("queries of " + std::to_string(queries.cols) + " columns, keys of " +
           std::to_string(keys.cols) + ", expected as many");
  }
}

void check_pairs(MatrixView queries, const KeyValues& pairs, MatrixView out) {
  const auto& [keys, values] = pairs;
  check_keys(queries, keys);
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

float kernel_weights(Kernel kernel, std::span<float> squared) {
  return weigh_distances(kernel, squared);
}

void kernel_regression(MatrixView queries, const KeyValues& pairs, const KernelPooling& pooling,
                       MutableMatrixView out, std::span<float> support) {
  check_pairs(queries, pairs, out);
  check_pooling(pooling, queries.rows, support.size());
  const BlockedKeys blocked(pairs.keys);
  parallel_ranges(queries.rows, kAllGrain, [&](std::size_t begin, std::size_t end) {
    pool_all({queries, pooling, begin, end, support}, blocked, pairs.values, out);
  });
}

void neighbor_kernel_weights(MatrixView queries, MatrixView keys,
                             std::span<const std::uint32_t> neighbors, const KernelPooling& pooling,
                             MutableMatrixView out, std::span<float> support) {
  check_keys(queries, keys);
  check_pooling(pooling, queries.rows, support.size());
  const std::size_t r = list_length(neighbors, queries.rows);
  if (out.rows != queries.rows || out.cols != r) refuse("the weights have another shape");
  parallel_ranges(queries.rows, kListGrain, [&](std::size_t begin, std::size_t end) {
    weigh_neighbors({queries, pooling, begin, end, support}, keys, neighbors,
                    out.rows_range(begin, end - begin));
  });
}

void neighbor_kernel_regression(MatrixView queries, const KeyValues& pairs,
                                std::span<const std::uint32_t> neighbors,
                                const KernelPooling& pooling, MutableMatrixView out,
                                std::span<float> support) {
  check_pairs(queries, pairs, out);
  check_pooling(pooling, queries.rows, support.size());
  const std::size_t r = list_length(neighbors, queries.rows);
  parallel_ranges(queries.rows, kListGrain, [&](std::size_t begin, std::size_t end) {
    Matrix weights(kListBlock, r);
    for (std::size_t first = begin; first < end; first += kListBlock) {
      const std::size_t last = std::min(first + kListBlock, end);
      weigh_neighbors({queries, pooling, first, last, support}, pairs.keys, neighbors,
                      weights.view().rows_range(0, last - first));
      for (std::size_t i = first; i < last; ++i) {
        add_weighted_rows({weights.row(i - first), r}, neighbors.data() + i * r, pairs.values,
                          out.row(i));
      }
    }
  });
}

}  // namespace ptattn
