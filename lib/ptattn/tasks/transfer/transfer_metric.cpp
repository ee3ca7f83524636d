#include <array>
#include <cmath>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/minimize.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/grouping.hpp"
#include "ptattn/tasks/geometry/neighbor_vote.hpp"
#include "ptattn/tasks/transfer/transfer.hpp"
#include "ptattn/tasks/transfer/transfer_space.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSample = 16384;
constexpr std::size_t kGrain = 512;
constexpr std::size_t kGridSize = 12;
constexpr std::size_t kGoldenSteps = 6;
constexpr std::array kVerticals{1.0, 0.5, 2.0, 4.0, 8.0, 16.0, 32.0};
constexpr std::array kFeatureWeights{0.25, 0.5, 1.0, 2.0, 4.0};  // bandwidths

/// Predicts some of the known points from the others, for one `vertical`.
class LeaveOneOutSample {
 public:
  LeaveOneOutSample(const TransferPoints& keys, const TransferTargets& known, double vertical,
                    const TransferOptions& options)
      : keys_(keys),
        known_(known),
        rows_(spread_rows(keys.positions.size(), kSample)),
        space_(keys, vertical, options) {
    std::vector<Position> positions(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) positions[i] = keys.positions[rows_[i]];
    lists_ =
        space_.lists({.positions = positions, .features = gather_rows(keys.features, rows_)}, 1);
  }

  /// Bandwidths between which the best one is looked for.
  [[nodiscard]] std::pair<double, double> bandwidth_range() const;

  /// All keys in the space of a metric.
  [[nodiscard]] Matrix stretched_keys(const TransferMetric& metric) const {
    return space_.stretched(keys_, metric);
  }
  /// Those of them that are predicted.
  [[nodiscard]] Matrix queries_among(MatrixView keys) const { return gather_rows(keys, rows_); }
  /// Loss and share of right ones.
  [[nodiscard]] LearntMetric score(MatrixView queries, MatrixView keys, double bandwidth) const;

 private:
  [[nodiscard]] double loss_of(std::size_t i, const float* weights, bool& right) const;

  TransferPoints keys_;
  TransferTargets known_;
  std::vector<std::uint32_t> rows_;
  TransferSpace space_;
  IndexTable lists_;
};

std::pair<double, double> LeaveOneOutSample::bandwidth_range() const {
  double mean = 0.0;
  for (std::size_t i = 0; i < lists_.rows; ++i) {
    for (std::size_t j = 0; j < lists_.k; ++j) {
      const std::uint32_t key = lists_.row(i)[j];
      if (key == kNoIndex) continue;
      const Position& a = keys_.positions[rows_[i]];
      const Position& b = keys_.positions[key];
      mean += std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) /
              static_cast<double>(lists_.rows * lists_.k);
    }
  }
  return {mean / 16.0, mean * 4.0};
}

double LeaveOneOutSample::loss_of(std::size_t i, const float* weights, bool& right) const {
  const std::uint32_t self = rows_[i];
  const std::span<const std::uint32_t> list(lists_.row(i), lists_.k);
  if (!known_.classes.empty()) {
    const NeighborVote vote = vote_of(list, {weights, lists_.k}, known_.classes);
    right = vote.winner != kNoIndex && known_.classes[vote.winner] == known_.classes[self];
    return brier_score(list, {weights, lists_.k}, known_.classes, known_.classes[self]);
  }
  double value = 0.0;
  for (std::size_t j = 0; j < lists_.k; ++j) {
    if (weights[j] > 0.0F) value += double{weights[j]} * known_.values[list[j]];
  }
  return (value - known_.values[self]) * (value - known_.values[self]);
}

LearntMetric LeaveOneOutSample::score(MatrixView queries, MatrixView keys, double bandwidth) const {
  const Matrix weights = space_.weights(queries, keys, lists_, bandwidth, rows_);
  struct Result {
    double loss = 0.0;
    bool counts = false;
    bool right = false;
  };
  std::vector<Result> results(rows_.size());
  parallel_each(rows_.size(), kGrain, [&](std::size_t i) {
    const float* const row = weights.row(i);
    Result& result = results[i];
    for (std::size_t j = 0; j < lists_.k; ++j) result.counts |= row[j] > 0.0F;
    if (result.counts) result.loss = loss_of(i, row, result.right);
  });
  LearntMetric total;
  double counted = 0.0;
  for (const Result& result : results) {
    counted += result.counts ? 1.0 : 0.0;
    total.loss += result.loss;
    total.right += result.right ? 1.0 : 0.0;
  }
  if (counted > 0.0) {
    total.loss /= counted;
    total.right /= counted;
  }
  return total;
}

/// Scores metrics that differ in their bandwidths alone.
class BandwidthLoss {
 public:
  BandwidthLoss(const LeaveOneOutSample& sample, const TransferMetric& metric)
      : sample_(sample),
        metric_(metric),
        keys_(sample.stretched_keys(metric)),
        queries_(sample.queries_among(keys_)) {}

  [[nodiscard]] double operator()(double bandwidth) const {
    return sample_.score(queries_, keys_, bandwidth).loss;
  }
  [[nodiscard]] LearntMetric scored(double bandwidth) const {
    LearntMetric result = sample_.score(queries_, keys_, bandwidth);
    result.metric = metric_;
    result.metric.bandwidth = bandwidth;
    return result;
  }

 private:
  const LeaveOneOutSample& sample_;
  TransferMetric metric_;
  Matrix keys_;
  Matrix queries_;
};

/// The best bandwidth for what else the metric says.
LearntMetric with_bandwidth(const LeaveOneOutSample& sample, const TransferMetric& metric,
                            const TransferOptions& options) {
  const BandwidthLoss loss(sample, metric);
  if (options.bandwidth) return loss.scored(metric.bandwidth);
  const auto [low, high] = sample.bandwidth_range();
  if (!(low > 0.0)) return loss.scored(metric.bandwidth);
  return loss.scored(minimize_over_log(low, high, loss, kGridSize, kGoldenSteps).at);
}

LearntMetric with_features(const LeaveOneOutSample& sample, LearntMetric best,
                           const TransferOptions& options) {
  for (std::size_t f = 0; f < best.metric.features.size(); ++f) {
    TransferMetric metric = best.metric;
    for (const double weight : kFeatureWeights) {
      metric.features[f] = weight * metric.bandwidth;
      const LearntMetric tried = BandwidthLoss(sample, metric).scored(metric.bandwidth);
      if (tried.loss < best.loss) best = tried;
    }
  }
  const LearntMetric again = with_bandwidth(sample, best.metric, options);
  return again.loss < best.loss ? again : best;
}

}  // namespace

LearntMetric learn_metric(const TransferPoints& keys, const TransferTargets& known,
                          const TransferOptions& options) {
  check_known(keys, known);
  TransferMetric start{.bandwidth = options.bandwidth.value_or(1.0)};
  start.features.assign(keys.features.cols, 0.0);
  std::optional<LearntMetric> best;
  const auto consider = [&](double vertical) {
    const LeaveOneOutSample sample(keys, known, vertical, options);
    start.vertical = vertical;
    const LearntMetric learnt = with_bandwidth(sample, start, options);
    if (!best || learnt.loss < best->loss) best = learnt;
  };
  if (options.vertical) {
    consider(*options.vertical);
  } else {
    for (const double vertical : kVerticals) consider(vertical);
  }
  if (keys.features.cols == 0) return *best;
  return with_features(LeaveOneOutSample(keys, known, best->metric.vertical, options), *best,
                       options);
}

}  // namespace ptattn
