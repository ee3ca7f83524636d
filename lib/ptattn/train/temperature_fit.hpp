#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/temperature.hpp"
#include "ptattn/tasks/reliability_table.hpp"

namespace ptattn::train {

/// Holds probabilities that a model gave to items whose class is known, a sample of each place.
class ConfidenceSample {
 public:
  /// The most items that are kept of a place: large places do not drown small ones.
  static constexpr std::size_t kMostOfPlace = 5000;

  /// Adds a place: its items that count, or as many of them as are kept, evenly spread.
  /// @param probabilities  [n, classes], as they are without a temperature; of the same classes for
  ///                       all places
  /// @param counts         true for the items whose class is known
  /// @param right          true where the likeliest class is it
  void add(MatrixView probabilities, const std::function<bool(std::size_t)>& counts,
           const std::function<bool(std::size_t)>& right);

  [[nodiscard]] std::size_t size() const { return best_.size(); }
  [[nodiscard]] std::size_t classes() const { return classes_; }
  [[nodiscard]] std::span<const float> probabilities(std::size_t item) const;
  [[nodiscard]] std::size_t best(std::size_t item) const { return best_[item]; }
  [[nodiscard]] bool right(std::size_t item) const { return right_[item] != 0; }
  [[nodiscard]] std::size_t place(std::size_t item) const { return place_[item]; }

 private:
  std::size_t classes_ = 0;
  std::size_t places_ = 0;
  std::vector<float> probabilities_;  // [n, classes]
  std::vector<std::uint32_t> best_;
  std::vector<std::uint8_t> right_;
  std::vector<std::uint32_t> place_;
};

/// Returns the confidence against accuracy of a sample under a temperature.
[[nodiscard]] ReliabilityTable reliability_of(const ConfidenceSample& sample,
                                              const Temperature& temperature);

/// Fits the temperature under which the confidence of the likeliest class says best how often it is
/// right. It minimises
///
///   loss(T) = -mean( right ? ln c_T : ln (1 - c_T) )     c_T the confidence under T
///
/// for all classes together, and for each that is the likeliest of enough items by itself. Which of
/// both is returned is decided by cross-validation over the places: what is fitted on every other
/// place must lower the loss of the rest.
/// @return 1 for a sample of nothing, or one that is always or never right
/// Time of about 130 passes over the sample; the same result for any thread count.
[[nodiscard]] Temperature fit_temperature(const ConfidenceSample& sample);

}  // namespace ptattn::train
