#include "ptattn/train/scores.hpp"

#include <algorithm>

#include "ptattn/core/error.hpp"

namespace ptattn::train {

Scores::Scores(const LabelSpace& space)
    : space_(space),
      confusion_(space.classes.size()),
      by_exclusion_(space.exclusions.size() * (space.classes.size() + 1), 0) {}

void Scores::add(std::span<const std::uint32_t> predicted, std::span<const float> confidence,
                 std::span<const Label> labels) {
  if (predicted.size() != labels.size() || confidence.size() != labels.size()) {
    throw Error(Fault::kUsage, "scores", "predictions and labels differ in number");
  }
  const std::size_t classes = space_.classes.size();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const Label label = labels[i];
    if (label < classes) {
      confusion_.add(label, predicted[i]);
      reliability_.add(confidence[i], predicted[i] == label);
    } else if (label < space_.size()) {
      const std::size_t set = label - classes;
      ++by_exclusion_[set * (classes + 1) + predicted[i]];
      ++excluded_points_;
      const auto& excluded = space_.exclusions[set];
      excluded_wrong_ += std::ranges::find(excluded, predicted[i]) != excluded.end() ? 1 : 0;
    }
  }
}

void Scores::add(const Scores& other) {
  const std::size_t classes = space_.classes.size();
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = 0; j <= classes; ++j) confusion_.add(i, j, other.confusion_(i, j));
  }
  reliability_.add(other.reliability_);
  for (std::size_t i = 0; i < by_exclusion_.size(); ++i) by_exclusion_[i] += other.by_exclusion_[i];
  excluded_points_ += other.excluded_points_;
  excluded_wrong_ += other.excluded_wrong_;
}

double Scores::excluded_share() const {
  return excluded_points_ > 0
             ? static_cast<double>(excluded_wrong_) / static_cast<double>(excluded_points_)
             : 0.0;
}

double Scores::mean_iou() const {
  const Metrics metrics = evaluate(confusion_);
  double sum = 0.0;
  double count = 0.0;
  for (const ClassMetrics& metric : metrics.classes) {
    if (metric.truth == 0) continue;
    sum += metric.iou.value_or(0.0);
    count += 1.0;
  }
  return count > 0.0 ? sum / count : 0.0;
}

std::vector<double> Scores::ious() const {
  const Metrics metrics = evaluate(confusion_);
  std::vector<double> result;
  for (const ClassMetrics& metric : metrics.classes) result.push_back(metric.iou.value_or(-1.0));
  return result;
}

double Scores::ground_error(std::uint32_t ground) const {
  const std::size_t classes = space_.classes.size();
  double all = 0.0;
  double wrong = 0.0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = 0; j <= classes; ++j) {
      const auto items = static_cast<double>(confusion_(i, j));
      all += items;
      if ((i == ground) != (j == ground)) wrong += items;
    }
  }
  for (std::size_t set = 0; set < space_.exclusions.size(); ++set) {
    const auto& excluded = space_.exclusions[set];
    if (std::ranges::find(excluded, ground) == excluded.end()) continue;
    for (std::size_t j = 0; j <= classes; ++j) {
      const auto items = static_cast<double>(by_exclusion_[set * (classes + 1) + j]);
      all += items;
      if (j == ground) wrong += items;
    }
  }
  return all > 0.0 ? wrong / all : 0.0;
}

}  // namespace ptattn::train
