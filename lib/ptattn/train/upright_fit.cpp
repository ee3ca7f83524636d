#include "ptattn/train/upright_fit.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <span>

namespace ptattn::train {
namespace {

constexpr std::size_t kFewest = 100;
constexpr double kRidge = 1e-4;

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// [n directions, classes + 1], the last of which is the strangeness.
Rows features_of(const UprightSample& sample) {
  const auto rows = static_cast<Eigen::Index>(sample.strangeness.size());
  const auto c = static_cast<Eigen::Index>(sample.classes);
  Rows x(rows, c + 1);
  x.leftCols(c) = Eigen::Map<const Rows>(sample.probabilities.data(), rows, c);
  x.col(c) = Eigen::Map<const Eigen::VectorXd>(sample.strangeness.data(), rows);
  return x;
}

/// The loss at a point, and its derivatives.
struct Slopes {
  double loss = 0.0;
  Eigen::VectorXd gradient;
  Eigen::MatrixXd hessian;
};

Slopes slopes_at(const Eigen::VectorXd& weights, const Rows& x, std::size_t directions) {
  const auto d = static_cast<Eigen::Index>(directions);
  const Eigen::Index n = x.rows() / d;
  const Eigen::Index m = x.cols();
  Slopes at{.gradient = Eigen::VectorXd::Zero(m), .hessian = Eigen::MatrixXd::Zero(m, m)};
  const Eigen::VectorXd z = x * weights;
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto seen = x.middleRows(i * d, d);
    const std::vector<double> shares = direction_shares(std::span(z.data() + i * d, directions));
    const Eigen::Map<const Eigen::VectorXd> q(shares.data(), d);
    const Eigen::VectorXd mean = seen.transpose() * q;
    at.loss -= std::log(q(0));
    at.gradient += mean - seen.row(0).transpose();
    at.hessian.noalias() += seen.transpose() * q.asDiagonal() * seen - mean * mean.transpose();
  }
  const auto count = static_cast<double>(n);
  at.loss = at.loss / count + 0.5 * kRidge * weights.squaredNorm();
  at.gradient = at.gradient / count + kRidge * weights;
  at.hessian /= count;
  at.hessian.diagonal().array() += kRidge;
  return at;
}

Eigen::VectorXd minimum(const Rows& x, std::size_t directions) {
  constexpr int kMostSteps = 50;
  constexpr double kFlat = 1e-7;
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(x.cols());
  Slopes at = slopes_at(weights, x, directions);
  for (int step = 0; step < kMostSteps && at.gradient.lpNorm<Eigen::Infinity>() > kFlat; ++step) {
    Eigen::VectorXd change = at.hessian.llt().solve(at.gradient);
    Slopes next = slopes_at(weights - change, x, directions);
    while (!(next.loss <= at.loss) && change.lpNorm<Eigen::Infinity>() > kFlat) {
      change /= 2.0;
      next = slopes_at(weights - change, x, directions);
    }
    weights -= change;
    at = std::move(next);
  }
  return weights;
}

double rounded(double value) {
  constexpr double kUnit = 1e4;
  return std::round(value * kUnit) / kUnit;
}

/// What 19 of 20 of the objects exceed with the upright direction up.
double usual_evidence(const UprightEvidence& upright, const UprightSample& sample) {
  constexpr std::size_t kOneOf = 20;
  std::vector<double> evidence;
  for (std::size_t row = 0; row < sample.strangeness.size(); row += sample.directions) {
    const std::span p(sample.probabilities.data() + row * sample.classes, sample.classes);
    evidence.push_back(upright.of(p, sample.strangeness[row]));
  }
  const auto place = evidence.begin() + static_cast<std::ptrdiff_t>(evidence.size() / kOneOf);
  std::ranges::nth_element(evidence, place);
  return *place;
}

}  // namespace

UprightEvidence fit_upright_evidence(const UprightSample& sample) {
  if (sample.directions == 0 || sample.strangeness.size() < kFewest * sample.directions) return {};
  const Eigen::VectorXd weights = minimum(features_of(sample), sample.directions);
  std::vector<double> classes;
  for (std::size_t c = 0; c < sample.classes; ++c) {
    classes.push_back(rounded(weights(static_cast<Eigen::Index>(c))));
  }
  const double strangeness = rounded(weights(weights.size() - 1));
  const double usual = usual_evidence({classes, strangeness}, sample);
  return {std::move(classes), strangeness, rounded(usual)};
}

}  // namespace ptattn::train
