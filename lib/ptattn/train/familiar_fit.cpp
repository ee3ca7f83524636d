#include "ptattn/train/familiar_fit.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <set>
#include <span>

#include "ptattn/core/error.hpp"
#include "ptattn/train/safetensors_writer.hpp"
#include "ptattn/train/tensor_source.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kFewestForCovariance = 3000;
constexpr std::size_t kFewestForMean = 20;
constexpr std::size_t kFolds = 4;

/// Sums over the items of one class.
struct Moments {
  std::size_t items = 0;
  Eigen::VectorXd sum;
  Eigen::MatrixXd squares;

  explicit Moments(std::size_t features)
      : sum(Eigen::VectorXd::Zero(static_cast<Eigen::Index>(features))),
        squares(Eigen::MatrixXd::Zero(sum.size(), sum.size())) {}

  void add(std::span<const float> x) {
    const Eigen::VectorXd row =
        Eigen::Map<const Eigen::VectorXf>(x.data(), sum.size()).cast<double>();
    ++items;
    sum += row;
    squares += row * row.transpose();
  }
  [[nodiscard]] double count() const {
    return static_cast<double>(std::max<std::size_t>(items, 1));
  }
  /// Sum of squares about `mean`.
  [[nodiscard]] Eigen::MatrixXd about(const Eigen::VectorXd& mean) const {
    const Eigen::MatrixXd cross = sum * mean.transpose();
    return squares - cross - cross.transpose() + count() * mean * mean.transpose();
  }
};

std::vector<Moments> moments_of(const std::vector<const PlaceFeatures*>& clouds,
                                std::size_t classes, std::size_t features) {
  std::vector<Moments> moments(classes, Moments(features));
  for (const PlaceFeatures* cloud : clouds) {
    const ClassifiedFeatures& items = cloud->items;
    for (std::size_t i = 0; i < items.classes.size(); ++i) {
      moments.at(items.classes[i]).add({items.features.row(i), items.features.cols()});
    }
  }
  return moments;
}

Eigen::MatrixXd inverse_of(const Eigen::MatrixXd& covariance) {
  return covariance.llt().solve(Eigen::MatrixXd::Identity(covariance.rows(), covariance.cols()));
}

/// The inverse, with a part of the variances of all classes added: no direction is free of noise.
Eigen::MatrixXd precision_of(Eigen::MatrixXd covariance, const Eigen::MatrixXd& shared) {
  constexpr double kNoise = 1e-2;
  constexpr double kLeast = 1e-5;
  for (Eigen::Index i = 0; i < covariance.rows(); ++i) {
    covariance(i, i) += kNoise * shared(i, i) + kLeast;
  }
  return inverse_of(covariance);
}

void append(std::vector<float>& values, const auto& matrix) {
  for (Eigen::Index i = 0; i < matrix.size(); ++i) {
    values.push_back(static_cast<float>(matrix.data()[i]));
  }
}

std::vector<NamedTensor> tensors_of(const FamiliarFit& fit) {
  return {{"means", {fit.classes, fit.features}, fit.means},
          {"precisions", {fit.classes, fit.features, fit.features}, fit.precisions}};
}

}  // namespace

FamiliarFit fit_familiar(const std::vector<const PlaceFeatures*>& clouds, std::size_t classes) {
  if (clouds.empty())
    throw Error(Fault::kUsage, "familiar features", "were not fitted to any cloud");
  FamiliarFit fit{.classes = classes, .features = clouds.front()->items.features.cols()};
  const std::vector<Moments> moments = moments_of(clouds, classes, fit.features);
  Moments all(fit.features);
  for (const Moments& one : moments) {
    all.items += one.items;
    all.sum += one.sum;
    all.squares += one.squares;
  }
  std::vector<Eigen::VectorXd> means;
  Eigen::MatrixXd shared = Eigen::MatrixXd::Zero(all.sum.size(), all.sum.size());
  for (const Moments& one : moments) {
    const Moments& source = one.items >= kFewestForMean ? one : all;
    means.push_back(source.sum / source.count());
    shared += one.about(means.back());
  }
  shared /= all.count();
  for (std::size_t c = 0; c < classes; ++c) {
    append(fit.means, means[c]);
    const bool own = moments[c].items >= kFewestForCovariance;
    append(fit.precisions,
           precision_of(
               own ? Eigen::MatrixXd(moments[c].about(means[c]) / moments[c].count()) : shared,
               shared));
  }
  return fit;
}

FamiliarFit take_over_familiar(const WeightSource& known, std::span<const std::string> old_names,
                               std::span<const std::string> names,
                               const ClassifiedFeatures& items) {
  const std::size_t d = items.features.cols();
  (void)FamiliarFeatures(known, old_names.size(), d);  // refuses other tensors
  const std::vector<float> means = known.values("means");
  const std::vector<float> precisions = known.values("precisions");
  const auto size = static_cast<Eigen::Index>(d);
  const auto mean_of = [&](std::size_t c) -> Eigen::VectorXd {
    return Eigen::Map<const Eigen::VectorXf>(&means[c * d], size).cast<double>();
  };
  const auto precision_of_class = [&](std::size_t c) -> Eigen::MatrixXd {
    return Eigen::Map<const Eigen::MatrixXf>(&precisions[c * d * d], size, size).cast<double>();
  };
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(size);
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(size, size);
  const auto count = static_cast<double>(old_names.size());
  for (std::size_t c = 0; c < old_names.size(); ++c) {
    mean += mean_of(c) / count;
    covariance += inverse_of(precision_of_class(c)) / count;
  }
  std::vector<Moments> moments(names.size(), Moments(d));
  for (std::size_t i = 0; i < items.classes.size(); ++i) {
    moments.at(items.classes[i]).add({items.features.row(i), d});
  }
  FamiliarFit fit{.classes = names.size(), .features = d};
  for (std::size_t c = 0; c < names.size(); ++c) {
    const auto found = std::ranges::find(old_names, names[c]);
    if (found != old_names.end()) {
      const auto old = static_cast<std::size_t>(found - old_names.begin());
      append(fit.means, mean_of(old));
      append(fit.precisions, precision_of_class(old));
      continue;
    }
    const bool empty = moments[c].items == 0;
    const Eigen::VectorXd own = empty ? mean : Eigen::VectorXd(moments[c].sum / moments[c].count());
    append(fit.means, own);
    append(fit.precisions, inverse_of(covariance + moments[c].about(own) / moments[c].count()));
  }
  return fit;
}

void write_familiar(const std::filesystem::path& folder, const FamiliarFit& fit) {
  write_safetensors(folder / kFamiliarFile, tensors_of(fit));
}

std::vector<double> distances_left_out(const std::vector<PlaceFeatures>& clouds,
                                       std::size_t classes) {
  std::set<std::size_t> places;
  for (const PlaceFeatures& cloud : clouds) places.insert(cloud.place);
  if (places.size() < kFolds) return {};
  const auto fold_of = [&](const PlaceFeatures& cloud) {
    return static_cast<std::size_t>(std::distance(places.begin(), places.find(cloud.place))) %
           kFolds;
  };
  std::vector<double> distances(clouds.size());
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<const PlaceFeatures*> others;
    for (const PlaceFeatures& cloud : clouds) {
      if (fold_of(cloud) != fold) others.push_back(&cloud);
    }
    const FamiliarFit fit = fit_familiar(others, classes);
    const FamiliarFeatures familiar(TensorSource(tensors_of(fit)), fit.classes, fit.features);
    for (std::size_t i = 0; i < clouds.size(); ++i) {
      if (fold_of(clouds[i]) == fold) distances[i] = familiar.mean_distance(clouds[i].items);
    }
  }
  return distances;
}

}  // namespace ptattn::train
