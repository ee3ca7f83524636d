#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "ptattn/models/familiar_features.hpp"

namespace ptattn::train {

/// Represents the features of some items of a validated cloud.
struct PlaceFeatures {
  std::size_t place =
      0;  ///< clouds of one place count as one: copies of a cloud, thinned or tilted
  ClassifiedFeatures items;
};

/// Holds gaussians by class, to be written as a FamiliarFeatures.
struct FamiliarFit {
  std::size_t classes = 0;
  std::size_t features = 0;
  std::vector<float> means{};       ///< [classes, d]
  std::vector<float> precisions{};  ///< [classes, d, d]
};

/// Fits a mean and a covariance to the features of each class. A class of fewer than 3000 items has
/// the covariance of all classes about their means; one of fewer than 20, the mean of all.
/// @param classes  of the model
FamiliarFit fit_familiar(const std::vector<const PlaceFeatures*>& clouds, std::size_t classes);

/// Writes `folder`/familiar.safetensors.
/// @throws Error(Fault::kInput) when it cannot be written
void write_familiar(const std::filesystem::path& folder, const FamiliarFit& fit);

/// Returns the mean distances of clouds to what was fitted on other places: each fourth of the
/// places in turn is left out. In the order of the clouds; empty for fewer than four places.
[[nodiscard]] std::vector<double> distances_left_out(const std::vector<PlaceFeatures>& clouds,
                                                     std::size_t classes);

}  // namespace ptattn::train
