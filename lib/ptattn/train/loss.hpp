#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ptattn::train {

/// Holds what is known about the classes of rows of logits: points per row and label.
struct Targets {
  std::size_t classes = 0;
  /// Labels classes + i, ... say "none of these classes" and nothing else.
  std::span<const std::vector<std::uint32_t>> exclusions{};
  /// [n, classes + exclusions], row-major: how many points of the row have the label. Rows of
  /// zeros take no part.
  std::span<const float> counts{};

  [[nodiscard]] std::size_t columns() const { return classes + exclusions.size(); }
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return counts.subspan(i * columns(), columns());
  }
};

struct LossOptions {
  std::vector<double> class_weights{};  ///< [classes] of the cross entropy; empty: 1
  double label_smoothing = 0.0;         ///< share that all classes have of a known label
  double lovasz = 0.5;                  ///< weight of the Lovasz-softmax loss
  std::size_t lovasz_least = 50;        ///< rows below which a class has no Lovasz loss
  /// [classes] where classes are parts of categories: half of the cross entropy and all of the
  /// Lovasz loss are of the race within the category of the row's label, and a row of which only
  /// excluded classes are known pushes all others alike: the gradient takes the differences among
  /// them for constants. (The plain one pushes the likeliest most, until it is all that is left of
  /// a category whose parts nobody has labelled.) Empty: no categories.
  std::vector<std::uint32_t> category_of_class{};
};

struct LossValue {
  double cross_entropy = 0.0;
  double lovasz = 0.0;
  double total = 0.0;
};

/// Computes the loss of rows of class scores and its gradient.
///
///   cross entropy  mean over labelled rows of  -sum_c q_c w_c ln p_c - sum_E q_E ln(1 - sum_{c in
///   E} p_c)
///
/// with p = softmax of the row, q the shares of the row's labels (smoothed for those that name a
/// class), w the class weights and E the sets of excluded classes; and the Lovasz-softmax loss
/// (Berman, Triki and Blaschko 2018), the mean over the classes present of the Lovasz extension of
/// the Jaccard loss of |[label = c] - p_c|, over the rows mostly labelled with classes.
///
/// @param logits    [n, classes]
/// @param gradient  [n, classes], written: d total / d logits
/// @throws Error(Fault::kUsage) when sizes do not fit
/// Time O(n classes log n); parallel; the same bits for any thread count. T is float or double; all
/// sums are float64.
template <class T>
LossValue scene_loss(std::span<const T> logits, const Targets& targets, const LossOptions& options,
                     std::span<T> gradient);

}  // namespace ptattn::train
