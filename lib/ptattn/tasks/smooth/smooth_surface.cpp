#include "ptattn/tasks/smooth/smooth_surface.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/minimize.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/grouping.hpp"
#include "ptattn/tasks/smooth/surface_projector.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSample = 2048;  // points that bandwidths are judged by
constexpr std::size_t kGrain = 256;    // points a task
constexpr std::size_t kGridSize = 10;
constexpr std::size_t kGoldenSteps = 7;

/// The distances of the nearest other and of the last of the window, the medians over a sample.
struct Reach {
  double spacing = 0.0;
  double farthest = 0.0;
};

double median(std::vector<double>& values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Points around which bandwidths are judged, and their windows.
class Sample {
 public:
  Sample(std::span<const Position> positions, const KdTree& tree, MatrixView points,
         const Neighborhood& neighborhood)
      : positions_(positions),
        rows_(spread_rows(positions.size(), kSample)),
        lists_(neighbors_in(tree, gather_rows(points, rows_), neighborhood)) {}

  /// Mean distance of a point from the surface of the others.
  [[nodiscard]] double leave_one_out(Kernel kernel, double bandwidth) const {
    std::vector<double> distances(rows_.size());
    parallel_ranges(rows_.size(), 64, [&](std::size_t begin, std::size_t end) {
      SurfaceProjector projector(positions_, kernel, bandwidth);
      for (std::size_t i = begin; i < end; ++i) {
        distances[i] =
            projector.project(rows_[i], list(i), SurfaceProjector::Self::kLeftOut).norm();
      }
    });
    const double sum = deterministic_sum(rows_.size(), [&](std::size_t i) { return distances[i]; });
    return rows_.empty() ? 0.0 : sum / static_cast<double>(rows_.size());
  }

  [[nodiscard]] Reach reach() const {
    std::vector<double> nearest;
    std::vector<double> farthest;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      double least = 0.0;
      double most = 0.0;
      for (const std::uint32_t j : list(i)) {
        if (j >= positions_.size() || j == rows_[i]) continue;
        const double d = distance(rows_[i], j);
        if (least == 0.0) least = d;
        most = std::max(most, d);
      }
      if (least > 0.0) nearest.push_back(least);
      if (most > 0.0) farthest.push_back(most);
    }
    return {median(nearest), median(farthest)};
  }

 private:
  [[nodiscard]] std::span<const std::uint32_t> list(std::size_t i) const {
    return {lists_.row(i), lists_.k};
  }
  [[nodiscard]] double distance(std::size_t i, std::size_t j) const {
    const Position& a = positions_[i];
    const Position& b = positions_[j];
    return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  }

  std::span<const Position> positions_;
  std::vector<std::uint32_t> rows_;
  IndexTable lists_;
};

/// Bandwidth and leave-one-out distance; a bandwidth of 0: there is nothing to smooth.
Minimum choose_bandwidth(const Sample& sample, const SmoothOptions& options) {
  const auto loss = [&](double h) { return sample.leave_one_out(options.kernel, h); };
  if (options.bandwidth) return {*options.bandwidth, loss(*options.bandwidth)};
  const Reach reach = sample.reach();
  if (!(reach.farthest > 0.0)) return {};
  return minimize_over_log(0.5 * reach.spacing, reach.farthest, loss, kGridSize, kGoldenSteps);
}

/// One pass over all points.
std::vector<Position> projected(std::span<const Position> positions, const KdTree& tree,
                                MatrixView points, const SmoothOptions& options, double bandwidth,
                                const ProgressCallback& progress) {
  std::vector<Position> result(positions.begin(), positions.end());
  const auto project = [&](const NeighborhoodBlock& block) {
    const IndexTable& lists = block.lists;
    parallel_ranges(lists.rows, kGrain, [&](std::size_t begin, std::size_t end) {
      SurfaceProjector projector(positions, options.kernel, bandwidth);
      for (std::size_t i = begin; i < end; ++i) {
        const auto point = static_cast<std::uint32_t>(block.first + i);
        const Eigen::Vector3d move =
            projector.project(point, {lists.row(i), lists.k}, SurfaceProjector::Self::kTakesPart);
        for (std::size_t axis = 0; axis < 3; ++axis) {
          result[point][axis] += move[static_cast<Eigen::Index>(axis)];
        }
      }
    });
  };
  for_each_block(tree, points, options.neighborhood, project, progress);
  return result;
}

double root_mean_square_move(std::span<const Position> from, std::span<const Position> to) {
  const double sum = deterministic_sum(from.size(), [&](std::size_t i) {
    double d2 = 0.0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      d2 += (to[i][axis] - from[i][axis]) * (to[i][axis] - from[i][axis]);
    }
    return d2;
  });
  return from.empty() ? 0.0 : std::sqrt(sum / static_cast<double>(from.size()));
}

}  // namespace

void check_smoothing(const SmoothOptions& options) {
  if (options.neighborhood.k == 0 || !(options.neighborhood.radius >= 0.0)) {
    throw Error(Fault::kUsage, "smoothing",
                "the neighbourhood holds no points, expected k and radius above 0");
  }
  if (options.bandwidth && !(*options.bandwidth > 0.0 && std::isfinite(*options.bandwidth))) {
    throw Error(Fault::kUsage, "smoothing",
                "bandwidth " + std::to_string(*options.bandwidth) + ", expected more than 0");
  }
}

SurfaceSmoothing smooth_surface(std::span<Position> positions, const SmoothOptions& options,
                                const ProgressCallback& progress) {
  check_smoothing(options);
  SurfaceSmoothing result;
  const std::vector<Position> before(positions.begin(), positions.end());
  for (std::size_t iteration = 0; iteration < options.iterations && !before.empty(); ++iteration) {
    const Matrix points = rows_relative_to(bounds_of(positions).middle(), positions);
    const KdTree tree(points);
    if (iteration == 0) {
      const Minimum chosen =
          choose_bandwidth(Sample(positions, tree, points, options.neighborhood), options);
      result.bandwidth = chosen.at;
      result.leave_one_out = chosen.value;
    }
    if (!(result.bandwidth > 0.0)) return result;
    const ProgressCallback of_pass = progress_of_pass(progress, iteration, options.iterations);
    std::ranges::copy(projected(positions, tree, points, options, result.bandwidth, of_pass),
                      positions.begin());
  }
  result.moved = root_mean_square_move(before, positions);
  return result;
}

}  // namespace ptattn
