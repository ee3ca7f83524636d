#include "ptattn/tasks/classify/classify.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <utility>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/probabilities.hpp"
#include "ptattn/tasks/classify/hints.hpp"
#include "ptattn/tasks/classify/object_sample.hpp"

namespace ptattn {
namespace {

/// Mean probabilities over the votes for a cloud whose z points up.
std::vector<double> vote(const ClassifierModel& model, std::span<const Position> positions,
                         std::size_t votes) {
  std::vector<std::vector<double>> ballots(votes);
  parallel_each(votes, 1, [&](std::size_t v) {
    const Matrix sample = prepare(positions, model.description.preprocessing, v, votes);
    ballots[v] =
        class_probabilities(model.network->logits(sample).values(), model.description.name);
  });
  std::vector<double> mean(model.description.classes.size(), 0.0);
  for (const std::vector<double>& ballot : ballots) {
    for (std::size_t c = 0; c < mean.size(); ++c) mean[c] += ballot[c] / static_cast<double>(votes);
  }
  return mean;
}

RawVector<Position> turned_upright(std::span<const Position> positions, Axis up) {
  RawVector<Position> turned(positions.size());
  std::ranges::transform(positions, turned.begin(),
                         [&](const Position& p) { return upright(p, up); });
  return turned;
}

const Classification& classification_of(const Classification& classified) {
  return classified;
}

const Classification& classification_of(const ClassifiedSample& classified) {
  return classified.classification;
}

/// What `classify_with` finds for the axis, or for the one with the highest confidence.
template <class ClassifyWith>
auto with_best_axis(std::optional<Axis> up, const ClassifyWith& classify_with) {
  if (up) return classify_with(*up);
  const auto confidence = [](const auto& classified) {
    return std::ranges::max(classification_of(classified).probabilities);
  };
  auto best = classify_with(kAllAxes.front());
  for (const Axis axis : std::span(kAllAxes).subspan(1)) {
    auto other = classify_with(axis);
    if (confidence(other) > confidence(best)) best = std::move(other);
  }
  return best;
}

std::vector<std::string> notes_on(const PointCloud& cloud, const UsablePoints& usable) {
  std::vector<std::string> notes;
  if (!usable.note.empty()) notes.push_back(usable.note);
  for (Hint& hint : object_hints(cloud, usable.positions)) notes.push_back(std::move(hint.text));
  return notes;
}

}  // namespace

Classification classify(const ClassifierModel& model, const PointCloud& cloud,
                        const ClassifyOptions& options) {
  const UsablePoints usable = usable_points(cloud, model.description.preprocessing);
  Classification best = with_best_axis(options.up, [&](Axis up) {
    return Classification{vote(model, turned_upright(usable.positions, up), options.votes), up, {}};
  });
  best.notes = notes_on(cloud, usable);
  return best;
}

ClassifiedSample classify_sample(const ClassifierModel& model, const PointCloud& cloud,
                                 std::optional<Axis> up) {
  const ClassifierDescription& description = model.description;
  UsablePoints usable = usable_points(cloud, description.preprocessing);
  std::vector<std::string> notes = notes_on(cloud, usable);
  const RawVector<Position> as_given = std::move(usable.positions);
  ClassifiedSample best = with_best_axis(up, [&](Axis axis) {
    ClassifiedSample result;
    result.usable.positions = turned_upright(as_given, axis);
    result.sample = prepare_sample(result.usable.positions, description.preprocessing, 0, 1);
    result.classification = {
        class_probabilities(model.network->logits(result.sample.points).values(), description.name),
        axis,
        {}};
    return result;
  });
  best.usable.points = std::move(usable.points);
  best.classification.notes = std::move(notes);
  return best;
}

std::vector<std::size_t> top_classes(std::span<const double> probabilities, std::size_t count) {
  std::vector<std::size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      if (probabilities[a] != probabilities[b]) {
                        return probabilities[a] > probabilities[b];
                      }
                      return a < b;
                    });
  order.resize(count);
  return order;
}

}  // namespace ptattn
