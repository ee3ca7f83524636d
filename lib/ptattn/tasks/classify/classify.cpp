#include "ptattn/tasks/classify/classify.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/probabilities.hpp"
#include "ptattn/tasks/classify/object_sample.hpp"
#include "ptattn/tasks/geometry/apart_points.hpp"
#include "ptattn/tasks/geometry/object_hints.hpp"

namespace ptattn {
namespace {

/// What one look at a cloud says.
struct Ballot {
  std::vector<double> probabilities;
  double energy;
  std::vector<float> scores;
};

Ballot look(const ClassifierModel& model, MatrixView sample) {
  const Matrix scores = model.network->logits(sample);
  const std::span<const float> values = scores.values();
  return {class_probabilities(values, model.description.name),
          energy_of(values),
          {values.begin(), values.end()}};
}

/// Means over the votes for a cloud whose z points up.
Ballot vote(const ClassifierModel& model, std::span<const Position> positions, std::size_t votes) {
  std::vector<Ballot> ballots(votes);
  parallel_each(votes, 1, [&](std::size_t v) {
    ballots[v] = look(model, prepare(positions, model.description.preprocessing, v, votes));
  });
  const auto n = static_cast<double>(votes);
  const std::size_t classes = model.description.classes.size();
  Ballot mean{std::vector<double>(classes, 0.0), 0.0, std::vector<float>(classes, 0.0F)};
  for (const Ballot& ballot : ballots) {
    for (std::size_t c = 0; c < mean.probabilities.size(); ++c) {
      mean.probabilities[c] += ballot.probabilities[c] / n;
      mean.scores[c] += ballot.scores[c] / static_cast<float>(votes);
    }
    mean.energy += ballot.energy / n;
  }
  return mean;
}

RawVector<Position> turned_upright(std::span<const Position> positions, Axis up) {
  RawVector<Position> turned(positions.size());
  std::ranges::transform(positions, turned.begin(),
                         [&](const Position& p) { return upright(p, up); });
  return turned;
}

/// What the votes for an axis say, calibrated.
Classification calibrated(Ballot ballot, Axis up, const ClassifierModel& model) {
  Classification result{.probabilities = std::move(ballot.probabilities),
                        .up = up,
                        .energy = ballot.energy,
                        .scores = std::move(ballot.scores)};
  const Reliability& reliability = model.description.reliability;
  std::vector<double>& p = result.probabilities;
  reliability.temperature.apply(p,
                                static_cast<std::size_t>(std::ranges::max_element(p) - p.begin()));
  const UsualLimits& usual = reliability.usual;
  if (!model.familiar.empty()) result.strangeness = model.familiar.strangeness(result.scores);
  result.unusual = usual.strangeness && result.strangeness
                       ? *result.strangeness > *usual.strangeness
                       : usual.energy && result.energy > *usual.energy;
  return result;
}

template <class Classified>
auto& classification_of(Classified& classified) {
  if constexpr (requires { classified.classification; }) {
    return classified.classification;
  } else {
    return classified;
  }
}

double confidence_of(const auto& classified) {
  return std::ranges::max(classification_of(classified).probabilities);
}

double evidence_of(const UprightEvidence& upright, const Classification& found) {
  return upright.of(found.probabilities, found.strangeness.value_or(0.0));
}

/// The probabilities whatever the direction: those with each direction as up, in its share.
std::vector<double> mixed(const auto& seen, std::span<const double> shares) {
  std::vector<double> p(classification_of(seen.front()).probabilities.size(), 0.0);
  for (std::size_t a = 0; a < seen.size(); ++a) {
    for (std::size_t c = 0; c < p.size(); ++c) {
      p[c] += shares[a] * classification_of(seen[a]).probabilities[c];
    }
  }
  return p;
}

/// What `classify_with` finds for the axis or, without one, for the likeliest of all.
template <class ClassifyWith>
auto with_best_axis(const ClassifierModel& model, std::optional<Axis> up,
                    const ClassifyWith& classify_with) {
  if (up) return classify_with(*up);
  std::vector<decltype(classify_with(Axis::kZ))> seen;
  for (const Axis axis : kAllAxes) seen.push_back(classify_with(axis));
  const UprightEvidence& upright = model.description.reliability.upright;
  std::vector<double> evidence;
  for (const auto& one : seen) {
    evidence.push_back(upright.empty() ? confidence_of(one)
                                       : evidence_of(upright, classification_of(one)));
  }
  auto& best =
      seen[static_cast<std::size_t>(std::ranges::max_element(evidence) - evidence.begin())];
  if (!upright.empty()) {
    classification_of(best).probabilities = mixed(seen, direction_shares(evidence));
  }
  return std::move(best);
}

/// What `classify_points` finds for all points or, where that is surer, without those that may not
/// belong to the object: these, and a note, then leave `usable`.
template <class ClassifyPoints>
auto with_best_points(const ClassifierModel& model, UsablePoints& usable,
                      const ClassifyPoints& classify_points) {
  auto best = classify_points(usable.positions);
  const ApartPoints apart = find_apart_points(usable.positions);
  const std::size_t n = usable.positions.size();
  if (apart.empty() || n - apart.rows.size() < model.description.preprocessing.min_points) {
    return best;
  }
  UsablePoints others = usable;
  leave_out(others, apart.rows);
  auto without = classify_points(others.positions);
  if (confidence_of(without) <= confidence_of(best)) return best;
  others.note += (others.note.empty() ? "" : "; ") + apart_note(apart, n);
  usable = std::move(others);
  return without;
}

/// Says so where an object that does not look upright looks much more so with another axis up.
void doubt_axis(const ClassifierModel& model, std::span<const Position> positions,
                Classification& result) {
  constexpr double kClearly = 3.0;  // odds of 20 to 1
  const UprightEvidence& upright = model.description.reliability.upright;
  if (!upright.usual()) return;
  const double evidence = evidence_of(upright, result);
  if (evidence >= *upright.usual()) return;
  double most = evidence + kClearly;
  std::optional<Classification> best;
  for (const Axis axis : kAllAxes) {
    if (axis == result.up) continue;
    Classification other = calibrated(vote(model, turned_upright(positions, axis), 1), axis, model);
    if (const double others = evidence_of(upright, other); others > most) {
      most = others;
      best = std::move(other);
    }
  }
  if (!best) return;
  const std::size_t likeliest = top_classes(best->probabilities, 1).front();
  const std::string axis(name_of(best->up));
  result.warnings.push_back({"up", "seems to have " + axis + " up instead of " +
                                       std::string(name_of(result.up)) + " (class " +
                                       model.description.classes[likeliest] + " then), see --up " +
                                       axis + " and --up auto"});
}

void add_remarks(const PointCloud& cloud, const std::string& note,
                 std::span<const Position> positions, Classification& result) {
  if (!note.empty()) result.notes.push_back(note);
  result.warnings = object_hints(cloud, positions);
}

}  // namespace

Classification classify(const ClassifierModel& model, const PointCloud& cloud,
                        const ClassifyOptions& options) {
  UsablePoints usable = usable_points(cloud, model.description.preprocessing);
  Classification best = with_best_points(model, usable, [&](std::span<const Position> positions) {
    return with_best_axis(model, options.up, [&](Axis up) {
      return calibrated(vote(model, turned_upright(positions, up), options.votes), up, model);
    });
  });
  add_remarks(cloud, usable.note, usable.positions, best);
  if (options.up) doubt_axis(model, usable.positions, best);
  return best;
}

ClassifiedSample classify_sample(const ClassifierModel& model, const PointCloud& cloud,
                                 std::optional<Axis> up) {
  const ClassifierDescription& description = model.description;
  UsablePoints usable = usable_points(cloud, description.preprocessing);
  ClassifiedSample best = with_best_points(model, usable, [&](std::span<const Position> positions) {
    return with_best_axis(model, up, [&](Axis axis) {
      ClassifiedSample result;
      result.usable.positions = turned_upright(positions, axis);
      result.sample = prepare_sample(result.usable.positions, description.preprocessing, 0, 1);
      result.classification = calibrated(look(model, result.sample.points), axis, model);
      return result;
    });
  });
  best.usable.points = std::move(usable.points);
  best.usable.strays = std::move(usable.strays);
  add_remarks(cloud, usable.note, usable.positions, best.classification);
  if (up) doubt_axis(model, usable.positions, best.classification);
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
