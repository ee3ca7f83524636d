#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/files/weights.hpp"

namespace ptattn {

/// Holds the file of a model folder that a FamiliarFeatures is read from, where there is one.
inline constexpr const char* kFamiliarFile = "familiar.safetensors";

/// Represents a row of features for each of some items of a cloud, with the class that a model gave
/// it.
struct ClassifiedFeatures {
  Matrix features;                     ///< [n, d]
  std::vector<std::uint32_t> classes;  ///< [n]
};

/// Remembers what features looked like where a model was validated: a Gaussian for each
/// class.
///
///   distance(x, k) = (x - m_k)^T P_k (x - m_k) / d      1 in the mean of what was seen
///
/// That is the Mahalanobis distance to the class that the model gave (Lee et al. 2018), of the
/// features that it is given, not of those that it makes: networks map what they were not made for
/// onto what they know.
class FamiliarFeatures {
 public:
  /// Remembers nothing.
  FamiliarFeatures() = default;
  /// @param weights  tensors `means` [classes, d] and `precisions` [classes, d, d]
  /// @throws Error(Fault::kModel) unless they have these shapes and finite values
  FamiliarFeatures(const WeightSource& weights, std::size_t classes, std::size_t features);

  [[nodiscard]] bool empty() const { return means_.empty(); }
  [[nodiscard]] double distance(std::span<const float> features, std::uint32_t class_number) const;
  /// Returns the mean distance of the rows; 0 of none.
  /// Time O(n d^2); the same bits for any thread count.
  [[nodiscard]] double mean_distance(const ClassifiedFeatures& rows) const;

 private:
  std::size_t features_ = 0;
  std::vector<float> means_;       // [classes, d]
  std::vector<float> precisions_;  // [classes, d, d]
};

}  // namespace ptattn
