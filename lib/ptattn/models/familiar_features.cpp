#include "ptattn/models/familiar_features.hpp"

#include "ptattn/core/parallel.hpp"
#include "ptattn/models/files/finite_tensor.hpp"

namespace ptattn {

FamiliarFeatures::FamiliarFeatures(const WeightSource& weights, std::size_t classes,
                                   std::size_t features)
    : features_(features),
      means_(finite_tensor(weights, "means", {classes, features})),
      precisions_(finite_tensor(weights, "precisions", {classes, features, features})) {}

double FamiliarFeatures::distance(std::span<const float> features,
                                  std::uint32_t class_number) const {
  const float* const mean = &means_[class_number * features_];
  const float* const precision = &precisions_[class_number * features_ * features_];
  double sum = 0.0;
  for (std::size_t i = 0; i < features_; ++i) {
    double row = 0.0;
    for (std::size_t j = 0; j < features_; ++j) {
      row += double{precision[i * features_ + j]} * (double{features[j]} - double{mean[j]});
    }
    sum += row * (double{features[i]} - double{mean[i]});
  }
  return sum / static_cast<double>(features_);
}

double FamiliarFeatures::mean_distance(const ClassifiedFeatures& rows) const {
  const std::size_t n = rows.features.rows();
  if (n == 0) return 0.0;
  const double sum = deterministic_sum(n, [&](std::size_t i) {
    return distance({rows.features.row(i), rows.features.cols()}, rows.classes[i]);
  });
  return sum / static_cast<double>(n);
}

}  // namespace ptattn
