#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
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

/// Takes what is familiar to a model over for other classes of the same features: classes of the
/// same name keep their gaussians. A new class gets the mean of its items, or of all classes
/// without any, and as covariance the mean one of the known classes plus the scatter of its items.
/// @param known     tensors as of a FamiliarFeatures
/// @param old_names, names  classes of the known model, and of the new one
/// @param items     features of items by class of the new model; those of known classes are unused
/// @throws Error(Fault::kModel) unless the tensors have these shapes
FamiliarFit take_over_familiar(const WeightSource& known, std::span<const std::string> old_names,
                               std::span<const std::string> names, const ClassifiedFeatures& items);

/// Writes `folder`/familiar.safetensors.
/// @throws Error(Fault::kInput) when it cannot be written
void write_familiar(const std::filesystem::path& folder, const FamiliarFit& fit);

/// Returns the mean distances of clouds to what was fitted on other places: each fourth of the
/// places in turn is left out. In the order of the clouds; empty for fewer than four places.
[[nodiscard]] std::vector<double> distances_left_out(const std::vector<PlaceFeatures>& clouds,
                                                     std::size_t classes);

}  // namespace ptattn::train
