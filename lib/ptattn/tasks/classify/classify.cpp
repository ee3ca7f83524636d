#include "ptattn/tasks/classify/classify.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/classify/object_sample.hpp"

namespace ptattn {
namespace {

/// @throws Error(Fault::kModel) when a score is NaN or infinite: such weights name nothing
std::vector<double> softmax(const Matrix& logits, const std::string& model_name) {
  const std::span<const float> scores = logits.values();
  if (!std::ranges::all_of(scores, [](float score) { return std::isfinite(score); })) {
    throw Error(Fault::kModel, model_name, "gives scores that are not finite");
  }
  const double largest = std::ranges::max(scores);
  std::vector<double> weights(scores.size());
  std::ranges::transform(scores, weights.begin(),
                         [&](float score) { return std::exp(score - largest); });
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

/// Mean probabilities over the votes for a cloud whose z points up.
std::vector<double> vote(const ClassifierModel& model, std::span<const Position> positions,
                         std::size_t votes) {
  std::vector<std::vector<double>> ballots(votes);
  parallel_each(votes, 1, [&](std::size_t v) {
    const Matrix sample = prepare(positions, model.description.preprocessing, v, votes);
    ballots[v] = softmax(model.network->logits(sample), model.description.name);
  });
  std::vector<double> mean(model.description.classes.size(), 0.0);
  for (const std::vector<double>& ballot : ballots) {
    for (std::size_t c = 0; c < mean.size(); ++c) mean[c] += ballot[c] / static_cast<double>(votes);
  }
  return mean;
}

}  // namespace

Classification classify(const ClassifierModel& model, const PointCloud& cloud,
                        std::string_view subject, const ClassifyOptions& options) {
  const RawVector<Position> positions =
      usable_positions(cloud, model.description.preprocessing, subject);
  const auto classify_with = [&](Axis up) {
    std::vector<Position> turned(positions.size());
    std::ranges::transform(positions, turned.begin(),
                           [&](const Position& p) { return upright(p, up); });
    return Classification{vote(model, turned, options.votes), up};
  };
  if (options.up) return classify_with(*options.up);
  Classification best = classify_with(Axis::kZ);
  for (const Axis up : {Axis::kY, Axis::kX}) {
    Classification other = classify_with(up);
    if (std::ranges::max(other.probabilities) > std::ranges::max(best.probabilities)) {
      best = std::move(other);
    }
  }
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
