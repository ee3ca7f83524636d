#include "ptattn/tasks/transfer/transfer_space.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 4096;

void check_features(const TransferPoints& points, const char* subject) {
  if (points.features.cols > 0 && points.features.rows != points.positions.size()) {
    throw Error(Fault::kUsage, subject,
                std::to_string(points.features.rows) +
                    " rows of features, expected one for each of " +
                    std::to_string(points.positions.size()) + " points");
  }
}

}  // namespace

TransferSpace::TransferSpace(const TransferPoints& keys, double vertical,
                             const TransferOptions& options)
    : keys_(keys),
      vertical_(vertical),
      kernel_(options.kernel),
      neighborhood_(options.neighborhood),
      origin_(bounds_of(keys.positions).middle()) {
  check_features(keys, "transfer keys");
  if (keys.positions.empty()) {
    throw Error(Fault::kUsage, "transfer keys", "none, expected at least one");
  }
  if (!(vertical > 0.0 && std::isfinite(vertical))) {
    throw Error(Fault::kUsage, "transfer", "vertical weight is not positive and finite");
  }
  if (neighborhood_.k == 0 || !(neighborhood_.radius >= 0.0)) {
    throw Error(Fault::kUsage, "transfer",
                "the neighbourhood holds no points, expected k and radius above 0");
  }
  tree_.emplace(tall(keys.positions));
}

Matrix TransferSpace::tall(std::span<const Position> positions) const {
  Matrix points = rows_relative_to(origin_, positions);
  for (std::size_t i = 0; i < points.rows(); ++i) points(i, 2) *= static_cast<float>(vertical_);
  return points;
}

IndexTable TransferSpace::lists(const TransferPoints& queries, std::size_t extra) const {
  check_features(queries, "transfer queries");
  IndexTable lists =
      tree_->k_nearest(tall(queries.positions), std::min(neighborhood_.k + extra, tree_->size()));
  if (std::isfinite(neighborhood_.radius)) drop_the_far(queries.positions, lists);
  return lists;
}

void TransferSpace::drop_the_far(std::span<const Position> queries, IndexTable& lists) const {
  parallel_each(lists.rows, kGrain, [&](std::size_t i) {
    std::uint32_t* const list = lists.indices.data() + i * lists.k;
    const auto far = [&](std::uint32_t j) {
      const Position& a = queries[i];
      const Position& b = keys_.positions[j];
      return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) > neighborhood_.radius;
    };
    std::fill(std::remove_if(list, list + lists.k, far), list + lists.k, kNoIndex);
  });
}

Matrix TransferSpace::stretched(const TransferPoints& points, const TransferMetric& metric) const {
  const std::size_t f = points.features.cols;
  if (metric.features.size() != f || f != keys_.features.cols) {
    throw Error(Fault::kUsage, "transfer",
                std::to_string(f) + " features and " + std::to_string(metric.features.size()) +
                    " weights, expected " + std::to_string(keys_.features.cols));
  }
  const Matrix tall_points = tall(points.positions);
  Matrix space(tall_points.rows(), 3 + f);
  parallel_each(tall_points.rows(), kGrain, [&](std::size_t i) {
    std::copy_n(tall_points.row(i), 3, space.row(i));
    for (std::size_t c = 0; c < f; ++c) {
      space(i, 3 + c) = static_cast<float>(metric.features[c] * points.features(i, c));
    }
  });
  return space;
}

Matrix TransferSpace::weights(MatrixView queries, MatrixView keys, const IndexTable& lists,
                              double bandwidth, std::span<const std::uint32_t> self) const {
  Matrix weights(lists.rows, lists.k);
  std::vector<float> support(lists.rows);
  std::vector<float> widths(lists.rows, static_cast<float>(bandwidth));
  if (self.empty()) {
    parallel_each(lists.rows, kGrain, [&](std::size_t i) {
      const std::uint32_t nearest = lists.row(i)[0];
      if (nearest != kNoIndex &&
          std::equal(queries.row(i), queries.row(i) + queries.cols, keys.row(nearest))) {
        widths[i] = 0.0F;
      }
    });
  }
  neighbor_kernel_weights(queries, keys, lists.indices,
                          {.kernel = kernel_, .bandwidth = widths, .self = self}, weights, support);
  parallel_each(lists.rows, kGrain, [&](std::size_t i) {
    if (support[i] > 0.0F) return;
    for (std::size_t j = 0; j < lists.k; ++j) {
      const std::uint32_t key = lists.row(i)[j];
      if (key == kNoIndex || (!self.empty() && key == self[i])) continue;
      weights(i, j) = 1.0F;
      return;
    }
  });
  return weights;
}

void check_known(const TransferPoints& keys, const TransferTargets& known) {
  if (known.classes.empty() == known.values.empty()) {
    throw Error(Fault::kUsage, "transfer", "expected either classes or values of the keys");
  }
  const std::size_t count = known.classes.size() + known.values.size();
  if (count != keys.positions.size()) {
    throw Error(Fault::kUsage, "transfer",
                std::to_string(count) + " values, expected one for each of " +
                    std::to_string(keys.positions.size()) + " keys");
  }
}

}  // namespace ptattn
