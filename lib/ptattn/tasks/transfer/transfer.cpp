#include "ptattn/tasks/transfer/transfer.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/geometry/neighbor_vote.hpp"
#include "ptattn/tasks/geometry/spacing.hpp"
#include "ptattn/tasks/transfer/transfer_space.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 1024;

/// What the weights of one list make of the values they know.
double average(std::span<const std::uint32_t> list, std::span<const float> weights,
               std::span<const double> values) {
  double sum = 0.0;
  bool any = false;
  for (std::size_t j = 0; j < list.size(); ++j) {
    if (!(weights[j] > 0.0F)) continue;
    sum += double{weights[j]} * values[list[j]];
    any = true;
  }
  return any ? sum : std::numeric_limits<double>::quiet_NaN();
}

TransferPoints block_of(const TransferPoints& points, std::size_t first, std::size_t count) {
  TransferPoints block{.positions = points.positions.subspan(first, count),
                       .features = points.features};
  if (points.features.cols > 0) block.features = points.features.rows_range(first, count);
  return block;
}

}  // namespace

double transfer_reach(std::span<const Position> keys) {
  constexpr std::size_t kNeighbors = 16;
  constexpr double kShare = 0.95;
  constexpr double kFactor = 4.0;
  const double spacing = spacing_quantile(keys, kNeighbors, kShare);
  return spacing > 0.0 ? kFactor * spacing : std::numeric_limits<double>::infinity();
}

struct FieldCarrier::Parts {
  TransferTargets known;
  TransferMetric metric;
  TransferSpace space;
  Matrix keys;  // stretched
};

FieldCarrier::FieldCarrier(const TransferPoints& keys, const TransferTargets& known,
                           const TransferMetric& metric, const TransferOptions& options) {
  check_known(keys, known);
  TransferSpace space(keys, metric.vertical, options);
  Matrix stretched = space.stretched(keys, metric);
  parts_ =
      std::make_unique<const Parts>(Parts{known, metric, std::move(space), std::move(stretched)});
}

FieldCarrier::~FieldCarrier() = default;

Transferred FieldCarrier::operator()(const TransferPoints& queries,
                                     const ProgressCallback& progress) const {
  const auto& [known, metric, space, keys] = *parts_;
  const std::size_t m = queries.positions.size();
  Transferred result;
  if (known.classes.empty()) {
    result.values.resize(m);
  } else {
    result.winner.resize(m);
    result.confidence.resize(m);
  }
  for (std::size_t first = 0; first < m; first += kNeighborhoodBlock) {
    const TransferPoints block = block_of(queries, first, std::min(kNeighborhoodBlock, m - first));
    const IndexTable lists = space.lists(block, 0);
    const Matrix weights =
        space.weights(space.stretched(block, metric), keys, lists, metric.bandwidth, {});
    parallel_each(lists.rows, kGrain, [&](std::size_t i) {
      const std::span<const std::uint32_t> list(lists.row(i), lists.k);
      const std::span<const float> row(weights.row(i), lists.k);
      if (parts_->known.classes.empty()) {
        result.values[first + i] = average(list, row, parts_->known.values);
        return;
      }
      const NeighborVote vote = vote_of(list, row, parts_->known.classes);
      result.winner[first + i] = vote.winner;
      result.confidence[first + i] = static_cast<float>(std::min(vote.share, 1.0));
    });
    if (progress) progress(first + lists.rows, m);
  }
  return result;
}

Transferred transfer(const TransferPoints& keys, const TransferTargets& known,
                     const TransferPoints& queries, const TransferMetric& metric,
                     const TransferOptions& options, const ProgressCallback& progress) {
  return FieldCarrier(keys, known, metric, options)(queries, progress);
}

}  // namespace ptattn
