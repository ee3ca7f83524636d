#include "ptattn/train/familiar_scores_fit.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>

#include "ptattn/models/familiar_features.hpp"
#include "ptattn/models/familiar_scores.hpp"
#include "ptattn/train/safetensors_writer.hpp"
#include "ptattn/train/tensor_source.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kFolds = 4;
constexpr std::size_t kFewest = 100;
constexpr std::size_t kFewestOfClass = 5;

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::MatrixXd precision_of(const Rows& deviations) {
  constexpr double kNoise = 1e-2;
  constexpr double kLeast = 1e-6;
  Eigen::MatrixXd covariance =
      deviations.transpose() * deviations / static_cast<double>(deviations.rows());
  for (Eigen::Index i = 0; i < covariance.rows(); ++i) {
    covariance(i, i) += kNoise * covariance(i, i) + kLeast;
  }
  return covariance.llt().solve(Eigen::MatrixXd::Identity(covariance.rows(), covariance.cols()));
}

std::vector<float> floats_of(const auto& matrix) {
  std::vector<float> values;
  for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
    for (Eigen::Index j = 0; j < matrix.cols(); ++j) {
      values.push_back(static_cast<float>(matrix(i, j)));
    }
  }
  return values;
}

/// Of the items that `uses` chooses.
ScoresFit fit_to(MatrixView scores, std::span<const std::uint32_t> truths,
                 const std::function<bool(std::size_t)>& uses) {
  const auto c = static_cast<Eigen::Index>(scores.cols);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < scores.rows; ++i) {
    if (uses(i)) chosen.push_back(i);
  }
  Rows rows(static_cast<Eigen::Index>(chosen.size()), c);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    rows.row(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::RowVectorXf>(scores.row(chosen[i]), c).cast<double>();
  }
  const Eigen::RowVectorXd mean = rows.colwise().mean();
  Rows means = mean.replicate(c, 1);  // one item of the mean of all
  std::vector<double> counts(scores.cols, 1.0);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    means.row(truths[chosen[i]]) += rows.row(static_cast<Eigen::Index>(i));
    counts[truths[chosen[i]]] += 1.0;
  }
  for (Eigen::Index k = 0; k < c; ++k) means.row(k) /= counts[static_cast<std::size_t>(k)];
  Rows within = rows;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    within.row(static_cast<Eigen::Index>(i)) -= means.row(truths[chosen[i]]);
  }
  return {.classes = scores.cols,
          .means = floats_of(means),
          .precision = floats_of(precision_of(within)),
          .mean = floats_of(mean),
          .overall_precision = floats_of(precision_of(rows.rowwise() - mean))};
}

std::vector<NamedTensor> tensors_of(const ScoresFit& fit) {
  const std::size_t c = fit.classes;
  return {{"means", {c, c}, fit.means}, {"precision", {c, c}, fit.precision},
          {"mean", {c}, fit.mean},      {"overall_precision", {c, c}, fit.overall_precision},
          {"energy", {2}, fit.energy},  {"distance", {2}, fit.distance}};
}

/// Mean and deviation.
std::vector<float> scale_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double mean = 0.0;
  for (const double value : values) mean += value / n;
  double variance = 0.0;
  for (const double value : values) variance += (value - mean) * (value - mean) / n;
  return {static_cast<float>(mean), static_cast<float>(std::max(std::sqrt(variance), 1e-6))};
}

}  // namespace

ScoresFit fit_familiar_scores(MatrixView scores, std::span<const std::uint32_t> truths) {
  const std::size_t n = scores.rows;
  if (n < std::max(kFewest, kFewestOfClass * scores.cols)) return {.classes = scores.cols};
  const auto row = [&](std::size_t i) { return std::span(scores.row(i), scores.cols); };
  std::vector<double> energies(n);
  std::vector<double> distances(n);
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    const ScoresFit others =
        fit_to(scores, truths, [fold](std::size_t i) { return i % kFolds != fold; });
    const FamiliarScores familiar(TensorSource(tensors_of(others)), scores.cols);
    for (std::size_t i = fold; i < n; i += kFolds) {
      energies[i] = energy_of(row(i));
      distances[i] = familiar.relative_distance(row(i));
    }
  }
  ScoresFit fit = fit_to(scores, truths, [](std::size_t) { return true; });
  fit.energy = scale_of(energies);
  fit.distance = scale_of(distances);
  for (std::size_t i = 0; i < n; ++i) {
    fit.strangeness.push_back((energies[i] - fit.energy[0]) / fit.energy[1] +
                              (distances[i] - fit.distance[0]) / fit.distance[1]);
  }
  return fit;
}

void write_familiar_scores(const std::filesystem::path& folder, const ScoresFit& fit) {
  write_safetensors(folder / kFamiliarFile, tensors_of(fit));
}

}  // namespace ptattn::train
