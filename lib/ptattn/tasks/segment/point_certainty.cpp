#include "ptattn/tasks/segment/point_certainty.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <string>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPointsPerTask = 4096;
constexpr std::size_t kPointsAtATime = std::size_t{1} << 18U;

/// Writes label and certainty of one point, and calibrates its probabilities on the way.
void write_point(std::span<float> p, std::size_t point, const Temperature& temperature,
                 Segmentation& result) {
  const auto best = static_cast<std::size_t>(std::ranges::max_element(p) - p.begin());
  temperature.apply(p, best);
  float second = 0.0F;
  double entropy = 0.0;
  for (std::size_t c = 0; c < p.size(); ++c) {
    if (c != best) second = std::max(second, p[c]);
    if (p[c] > 0.0F) entropy -= double{p[c]} * std::log(double{p[c]});
  }
  result.labels[point] = static_cast<std::uint32_t>(best);
  result.confidence[point] = p[best];
  result.entropy[point] = static_cast<float>(entropy);
  result.margin[point] = p[best] - second;
}

}  // namespace

void check_segment_options(const SegmenterModel& model, const SegmentOptions& options) {
  if (!model.network->labels_points()) {
    throw Error(Fault::kModel, model.description.name, "gives features, not labels");
  }
  const SceneProfile& profile = model.description.preprocessing;
  const std::size_t votes = votes_of(profile, options);
  if (votes < 1 || votes > most_votes(profile)) {
    throw Error(
        Fault::kUsage, "votes",
        "are " + std::to_string(votes) + ", expected 1 to " + std::to_string(most_votes(profile)));
  }
  check_category(model, options.category);
}

void allocate_results(std::size_t points, std::size_t classes, Segmentation& result) {
  result.labels.assign(points, 0);
  result.confidence.assign(points, 0.0F);
  result.entropy.assign(points, 0.0F);
  result.margin.assign(points, 0.0F);
  if (classes == 0) return;
  result.probabilities = Matrix(points, classes);
  std::ranges::fill(result.probabilities.values(), 0.0F);
}

void write_points(std::span<const ScoredVoxels> views, std::span<const std::uint32_t> rows,
                  const SegmentOptions& options, const Temperature& temperature,
                  Segmentation& result) {
  std::deque<PointProbabilities> of_views;
  for (const ScoredVoxels& view : views) of_views.emplace_back(view, options.neighbors);
  const SceneVoxels& first = views.front().voxels;
  for (std::size_t begin = 0; begin < rows.size(); begin += kPointsAtATime) {
    const std::size_t count = std::min(kPointsAtATime, rows.size() - begin);
    const auto some = rows.subspan(begin, count);
    Matrix p = mean_matrix(views.size(), [&](std::size_t v) { return of_views[v](some); });
    parallel_each(count, kPointsPerTask, [&](std::size_t i) {
      const std::size_t point = first.points[some[i]];
      write_point({p.row(i), p.cols()}, point, temperature, result);
      if (options.probabilities) std::copy_n(p.row(i), p.cols(), result.probabilities.row(point));
    });
  }
}

void measure_certainty(const SegmenterModel& model, Segmentation& result) {
  const std::vector<float>& confidence = result.confidence;
  const std::vector<bool>& valid = result.valid;
  const std::size_t n = confidence.size();
  const auto count =
      static_cast<double>(std::max<std::ptrdiff_t>(1, std::ranges::count(valid, true)));
  result.mean_confidence =
      deterministic_sum(n, [&](std::size_t i) { return double{confidence[i]}; }) / count;
  result.unsure_share =
      deterministic_sum(
          n, [&](std::size_t i) { return valid[i] && confidence[i] < kUnsure ? 1.0 : 0.0; }) /
      count;
  if (!model.familiar.empty()) result.distance = model.familiar.mean_distance(result.sampled);
}

}  // namespace ptattn
