#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ptattn::train {

/// Holds class probabilities of rows with one label each.
struct LabelledRows {
  std::span<const std::int32_t> labels;  ///< [n], below 0: the row takes no part
  std::span<const double> p;             ///< [n, classes]
  std::size_t classes;
};

/// Computes the Lovasz-softmax loss (Berman, Triki and Blaschko 2018, eq. 8 to 12) and its
/// gradient.
///
/// For each class of at least `least` rows the errors |[label = c] - p_c| in descending order (rows
/// in ascending order where equal) are weighted by the increments of the Jaccard loss; the loss is
/// the mean over these classes, 0 when there is none.
/// @param slope  [n, classes], written: d loss / d p
/// Time O(classes n log n), parallel over classes; the same bits for any thread count.
double lovasz_softmax(const LabelledRows& rows, std::size_t least, std::span<double> slope);

}  // namespace ptattn::train
