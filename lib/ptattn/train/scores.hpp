#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ptattn/tasks/evaluation.hpp"
#include "ptattn/tasks/reliability_table.hpp"
#include "ptattn/train/labelled_cloud.hpp"

namespace ptattn::train {

/// Holds what predictions for points with labels come to.
class Scores {
 public:
  explicit Scores(const LabelSpace& space);

  /// @param predicted   [n] classes, or the number of classes: none of them
  /// @param confidence  of these, [n]
  /// @param labels      [n]
  void add(std::span<const std::uint32_t> predicted, std::span<const float> confidence,
           std::span<const Label> labels);
  void add(const Scores& other);

  [[nodiscard]] const ConfusionMatrix& confusion() const { return confusion_; }
  [[nodiscard]] const ReliabilityTable& reliability() const { return reliability_; }
  [[nodiscard]] double calibration_error() const { return reliability_.expected_error(); }
  /// Returns the share of the points with an exclusion as label that got one of the excluded
  /// classes; 0 of none.
  [[nodiscard]] double excluded_share() const;
  [[nodiscard]] std::uint64_t excluded_points() const { return excluded_points_; }
  /// Returns mean IoU over the classes that have points of their own.
  [[nodiscard]] double mean_iou() const;
  /// Returns IoU of each class, -1 where no point has or gets it.
  [[nodiscard]] std::vector<double> ious() const;
  /// Returns the share of points, named or only known not to be of `ground`, that are wrong about
  /// being ground.
  [[nodiscard]] double ground_error(std::uint32_t ground) const;

 private:
  LabelSpace space_;
  ConfusionMatrix confusion_;
  ReliabilityTable reliability_;
  std::vector<std::uint64_t> by_exclusion_;  // [exclusions, classes + 1]
  std::uint64_t excluded_points_ = 0;
  std::uint64_t excluded_wrong_ = 0;
};

}  // namespace ptattn::train
