#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ptattn {

/// Says how many items carry each pair (true label, predicted label).
using LabelPairs = std::map<std::pair<std::int32_t, std::int32_t>, std::uint64_t>;

/// Counts the pairs that `truth` and `predicted` form, item by item.
/// @throws Error(Fault::kInput) when they differ in length, or when there are more than a million
///         different pairs: such numbers are no classes
/// Time O(n); parallel; the same counts for any thread count.
[[nodiscard]] LabelPairs count_pairs(std::span<const std::int32_t> truth,
                                     std::span<const std::int32_t> predicted);

/// Holds n_ij: items of class i (rows) that were predicted as class j (columns). A last column
/// holds the items that were predicted as none of the classes.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::size_t classes)
      : classes_(classes), counts_(classes * (classes + 1), 0) {}

  [[nodiscard]] std::size_t classes() const { return classes_; }
  /// Returns the column of items without a predicted class.
  [[nodiscard]] std::size_t none() const { return classes_; }

  /// @param truth      below classes()
  /// @param predicted  below classes(), or none()
  /// @throws           Error(Fault::kUsage) for others
  void add(std::size_t truth, std::size_t predicted, std::uint64_t items = 1);
  [[nodiscard]] std::uint64_t operator()(std::size_t truth, std::size_t predicted) const {
    return counts_[truth * (classes_ + 1) + predicted];
  }

 private:
  std::size_t classes_;
  std::vector<std::uint64_t> counts_;  // [classes, classes + 1]
};

/// Says how well one class was found. TP = n_ii, FN = truth - TP, FP = predicted - TP. A quotient
/// whose denominator is zero is absent.
struct ClassMetrics {
  std::uint64_t truth = 0;          ///< items of the class
  std::uint64_t predicted = 0;      ///< items predicted as the class
  std::optional<double> iou;        ///< TP / (TP + FP + FN), intersection over union
  std::optional<double> precision;  ///< TP / (TP + FP)
  std::optional<double> recall;     ///< TP / (TP + FN), the accuracy of the class
  std::optional<double> f1;         ///< 2 TP / (2 TP + FP + FN)
};

/// Says how well all were found. Means are over the classes that have the quotient: a class that
/// appears neither in the truth nor in the prediction counts in none of them, a class that appears
/// in the prediction only counts as IoU 0 and not in the mean accuracy.
struct Metrics {
  std::uint64_t items = 0;
  std::optional<double> overall_accuracy;  ///< p_o = sum_i n_ii / n
  std::optional<double> mean_accuracy;     ///< mean recall
  std::optional<double> mean_iou;
  std::optional<double> mean_f1;
  /// Cohen 1960: (p_o - p_e) / (1 - p_e), p_e = sum_i truth_i predicted_i / n^2; absent when all
  /// items are of one class and predicted as it.
  std::optional<double> kappa;
  std::vector<ClassMetrics> classes;
};

[[nodiscard]] Metrics evaluate(const ConfusionMatrix& confusion);

/// Holds errors of a ground filter (Sithole and Vosselman 2004, ISPRS filter test).
struct GroundErrors {
  std::optional<double> type1;  ///< ground taken for objects / ground
  std::optional<double> type2;  ///< objects taken for ground / objects
  std::optional<double> total;  ///< both / all
};

/// Returns all classes other than `ground` are objects, and so is what was predicted as no class.
/// @throws Error(Fault::kUsage) when `ground` is none of the classes
[[nodiscard]] GroundErrors ground_errors(const ConfusionMatrix& confusion, std::size_t ground);

}  // namespace ptattn
