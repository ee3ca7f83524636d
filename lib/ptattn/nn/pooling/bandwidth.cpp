#include "ptattn/nn/pooling/bandwidth.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/minimize.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/grouping.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kRowGrain = 1024;

double squared_distance(const float* a, const float* b, std::size_t columns) {
  double sum = 0.0;
  for (std::size_t c = 0; c < columns; ++c) sum += (double{a[c]} - b[c]) * (double{a[c]} - b[c]);
  return sum;
}

/// The rows that are predicted from others, and how well.
class Predictor {
 public:
  explicit Predictor(const LeaveOneOut& points)
      : points_(points), rows_(points.sample.begin(), points.sample.end()) {
    if (rows_.empty()) {
      rows_.resize(points.keys.rows);
      std::iota(rows_.begin(), rows_.end(), 0U);
    }
    if (!std::ranges::all_of(rows_, [&](std::uint32_t i) { return i < points.keys.rows; })) {
      throw Error(Fault::kUsage, "leave-one-out", "the sample names a row that does not exist");
    }
    if (!points.weights.empty()) weigh_values();
    queries_ = gather_rows(points.keys, rows_);
    widest_ = predict(Kernel::kConstant, 1.0F);
  }

  [[nodiscard]] double loss(float bandwidth) const {
    return loss_of(predict(points_.kernel, bandwidth));
  }
  [[nodiscard]] double constant_loss() const { return loss_of(widest_); }
  /// A length that no distance between a row and what it sees exceeds; 0: all coincide.
  [[nodiscard]] double reach() const;

 private:
  struct Prediction {
    Matrix values;
    std::vector<float> support;  ///< 0: there was nothing to predict from
  };

  /// Values times their weights and, behind them, the weights: kernel sums of both give means.
  void weigh_values();
  [[nodiscard]] Prediction predict(Kernel kernel, float bandwidth) const;
  [[nodiscard]] double weight(std::size_t i) const {
    return points_.weights.empty() ? 1.0 : points_.weights[rows_[i]];
  }
  [[nodiscard]] double loss_of(const Prediction& prediction) const;

  LeaveOneOut points_;
  std::vector<std::uint32_t> rows_;
  Matrix weighed_;  ///< [n, c + 1]; empty without weights
  Matrix queries_;
  Prediction widest_;  ///< by the infinitely wide kernel
};

void Predictor::weigh_values() {
  const MatrixView values = points_.values;
  if (points_.weights.size() != values.rows) {
    throw Error(Fault::kUsage, "leave-one-out", "has another number of weights than of values");
  }
  weighed_ = Matrix(values.rows, values.cols + 1);
  for (std::size_t i = 0; i < values.rows; ++i) {
    for (std::size_t c = 0; c < values.cols; ++c) {
      weighed_(i, c) = points_.weights[i] * values(i, c);
    }
    weighed_(i, values.cols) = points_.weights[i];
  }
}

Predictor::Prediction Predictor::predict(Kernel kernel, float bandwidth) const {
  const MatrixView values = points_.weights.empty() ? points_.values : weighed_.view();
  Prediction result;
  result.values = Matrix(rows_.size(), values.cols);
  result.support.resize(rows_.size());
  const KernelPooling pooling{kernel, {&bandwidth, 1}, rows_};
  if (points_.neighbors.empty()) {
    kernel_regression(queries_, {points_.keys, values}, pooling, result.values, result.support);
  } else {
    neighbor_kernel_regression(queries_, {points_.keys, values}, points_.neighbors, pooling,
                               result.values, result.support);
  }
  for (std::size_t i = 0; i < rows_.size() && !points_.weights.empty(); ++i) {
    float* const row = result.values.row(i);
    const float total = row[values.cols - 1];
    if (total > 0.0F) {
      for (std::size_t c = 0; c + 1 < values.cols; ++c) row[c] /= total;
    } else {
      result.support[i] = 0.0F;
    }
  }
  return result;
}

double Predictor::loss_of(const Prediction& prediction) const {
  const auto counts = [&](std::size_t i) { return widest_.support[i] > 0.0F; };
  const double counted =
      deterministic_sum(rows_.size(), [&](std::size_t i) { return counts(i) ? weight(i) : 0.0; });
  const double sum = deterministic_sum(rows_.size(), [&](std::size_t i) {
    if (!counts(i)) return 0.0;
    const Prediction& known = prediction.support[i] > 0.0F ? prediction : widest_;
    return weight(i) *
           squared_distance(known.values.row(i), points_.values.row(rows_[i]), points_.values.cols);
  });
  return counted > 0.0 ? sum / counted : 0.0;
}

double Predictor::reach() const {
  if (rows_.empty()) return 0.0;
  const MatrixView keys = points_.keys;
  if (points_.neighbors.empty()) {  // the diagonal of the bounding box
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
  const std::size_t r = points_.neighbors.size() / rows_.size();
  std::vector<double> farthest(rows_.size(), 0.0);
  parallel_each(rows_.size(), kRowGrain, [&](std::size_t i) {
    for (const std::uint32_t j : points_.neighbors.subspan(i * r, r)) {
      if (j >= keys.rows) continue;
      const double d2 = squared_distance(queries_.row(i), keys.row(j), keys.cols);
      farthest[i] = std::max(farthest[i], d2);
    }
  });
  return std::sqrt(std::ranges::max(farthest));
}

}  // namespace

double leave_one_out_loss(const LeaveOneOut& points, float bandwidth) {
  return Predictor(points).loss(bandwidth);
}

BandwidthFit fit_bandwidth(const LeaveOneOut& points) {
  const Predictor predictor(points);
  const double constant = predictor.constant_loss();
  const double reach = predictor.reach();
  if (!(reach > 0.0)) return {1.0, constant, constant};
  // n points along a curve are reach / n apart; on surfaces and in space they are farther.
  const double spacings = points.neighbors.empty()
                              ? std::max<double>(static_cast<double>(points.keys.rows), 16.0)
                              : 256.0;
  const Minimum best = minimize_over_log(reach / (4.0 * spacings), 2.0 * reach, [&](double h) {
    return predictor.loss(static_cast<float>(h));
  });
  return {best.at, best.value, constant};
}

}  // namespace ptattn
