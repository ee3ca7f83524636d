#include "ptattn/tasks/features/pca.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kFittedRows = 16384;
constexpr std::size_t kGrain = 4096;  // rows a task
constexpr double kLowShare = 0.02;    // of the rows lie below what becomes 0
constexpr double kRounding = 1e-6;    // of the largest variance: less is none

std::size_t fitting_step(std::size_t rows) {
  return (rows + kFittedRows - 1) / kFittedRows;
}

/// Every step-th row, in float64.
Eigen::MatrixXd sample_of(MatrixView x) {
  const std::size_t step = fitting_step(x.rows);
  const std::size_t rows = (x.rows + step - 1) / step;
  Eigen::MatrixXd sample(rows, x.cols);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < x.cols; ++j) {
      sample(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = x(i * step, j);
    }
  }
  return sample;
}

/// Makes mean 0 and variance 1 of every column and tells what was done.
void standardize(Eigen::MatrixXd& sample, Pca& pca) {
  for (Eigen::Index j = 0; j < sample.cols(); ++j) {
    const double mean = sample.col(j).mean();
    sample.col(j).array() -= mean;
    const double spread =
        std::sqrt(sample.col(j).squaredNorm() / static_cast<double>(sample.rows()));
    // What rounding to float32 does to a constant column is no spread.
    const double scale = spread > kRounding * std::abs(mean) ? spread : 1.0;
    if (scale != spread) sample.col(j).setZero();
    sample.col(j) /= scale;
    pca.mean.push_back(mean);
    pca.scale.push_back(scale);
  }
}

/// Appends an eigenvector with its sign made definite.
void append_component(const Eigen::VectorXd& vector, std::vector<double>& components) {
  Eigen::Index largest = 0;
  for (Eigen::Index j = 1; j < vector.size(); ++j) {
    if (std::abs(vector[j]) > std::abs(vector[largest])) largest = j;
  }
  const double sign = vector[largest] < 0.0 ? -1.0 : 1.0;
  for (const double v : vector) components.push_back(sign * v);
}

}  // namespace

Pca fit_pca(MatrixView x, std::size_t components) {
  if (x.rows == 0 || x.cols == 0) {
    throw Error(Fault::kUsage, "fit_pca", "nothing to fit to, expected rows and columns");
  }
  Pca pca;
  Eigen::MatrixXd sample = sample_of(x);
  standardize(sample, pca);
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(sample.cols(), sample.cols());
  covariance.selfadjointView<Eigen::Lower>().rankUpdate(sample.transpose(),
                                                        1.0 / static_cast<double>(sample.rows()));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  const Eigen::Index last = sample.cols() - 1;  // eigenvalues ascend
  for (std::size_t r = 0; r < std::min(components, x.cols); ++r) {
    const Eigen::Index i = last - static_cast<Eigen::Index>(r);
    append_component(solver.eigenvectors().col(i), pca.components);
    pca.variances.push_back(std::max(solver.eigenvalues()[i], 0.0));
  }
  return pca;
}

Matrix project(const Pca& pca, MatrixView x) {
  const std::size_t columns = pca.mean.size();
  if (x.cols != columns) {
    throw Error(
        Fault::kUsage, "project",
        "got rows of " + std::to_string(x.cols) + " values, expected " + std::to_string(columns));
  }
  Matrix out(x.rows, pca.variances.size());
  parallel_each(x.rows, kGrain, [&](std::size_t i) {
    for (std::size_t r = 0; r < out.cols(); ++r) {
      const double* const component = pca.components.data() + r * columns;
      double sum = 0.0;
      for (std::size_t j = 0; j < columns; ++j) {
        sum += (x(i, j) - pca.mean[j]) / pca.scale[j] * component[j];
      }
      out(i, r) = static_cast<float>(sum);
    }
  });
  return out;
}

std::size_t PcaColors::step(std::size_t n) {
  return std::max<std::size_t>(1, fitting_step(n));
}

std::uint8_t PcaColors::Stretch::operator()(float value) const {
  if (!(high > low)) return 128;
  const double share = std::clamp((value - low) / (high - low), 0.0, 1.0);
  return static_cast<std::uint8_t>(std::lround(255.0 * share));
}

PcaColors::PcaColors(MatrixView rows) {
  if (rows.rows == 0 || rows.cols == 0) return;
  pca_ = fit_pca(rows, 3);
  Matrix looked_at((rows.rows + step(rows.rows) - 1) / step(rows.rows), rows.cols);
  for (std::size_t i = 0; i < looked_at.rows(); ++i) {
    std::copy_n(rows.row(i * step(rows.rows)), rows.cols, looked_at.row(i));
  }
  const Matrix values = project(pca_, looked_at);
  for (std::size_t r = 0; r < values.cols(); ++r) {
    Stretch& stretch = stretches_.emplace_back();
    if (!(pca_.variances[r] > kRounding * pca_.variances[0])) continue;
    std::vector<float> sorted;
    for (std::size_t i = 0; i < values.rows(); ++i) sorted.push_back(values(i, r));
    std::ranges::sort(sorted);
    const auto outside = static_cast<std::size_t>(kLowShare * static_cast<double>(sorted.size()));
    stretch = {sorted[outside], sorted[sorted.size() - 1 - outside]};
  }
}

std::vector<Rgb> PcaColors::operator()(MatrixView x) const {
  std::vector<Rgb> colors(x.rows, Rgb{128, 128, 128});
  if (x.rows == 0 || stretches_.empty()) return colors;
  const Matrix values = project(pca_, x);
  for (std::size_t r = 0; r < values.cols(); ++r) {
    parallel_each(x.rows, kGrain,
                  [&](std::size_t i) { colors[i][r] = stretches_[r](values(i, r)); });
  }
  return colors;
}

std::vector<Rgb> pca_colors(MatrixView x) {
  return PcaColors(x)(x);
}

}  // namespace ptattn
