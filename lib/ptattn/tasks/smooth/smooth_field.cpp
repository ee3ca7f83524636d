#include "ptattn/tasks/smooth/smooth_field.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "ptattn/cloud/nearest_value.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/smooth/neighbor_smoother.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 4096;

/// Values of the points whose values are all finite, relative to their means.
struct Values {
  std::vector<std::size_t> rows;  // among the points that take part
  std::vector<double> means;      // a component
  Matrix deviations;              // [rows, components]
};

Values finite_values(const Field& field, std::span<const std::size_t> points) {
  Values values;
  const std::uint32_t components = field.count();
  for (std::size_t i = 0; i < points.size(); ++i) {
    bool finite = true;
    for (std::uint32_t c = 0; c < components; ++c) {
      finite = finite && std::abs(field.as_double(points[i], c)) <= kLargestCoordinate;
    }
    if (finite) values.rows.push_back(i);
  }
  values.deviations = Matrix(values.rows.size(), components);
  for (std::uint32_t c = 0; c < components; ++c) {
    const auto value = [&](std::size_t r) { return field.as_double(points[values.rows[r]], c); };
    const double count = std::max<double>(1.0, static_cast<double>(values.rows.size()));
    const double mean = deterministic_sum(values.rows.size(), value) / count;
    values.means.push_back(mean);
    for (std::size_t r = 0; r < values.rows.size(); ++r) {
      values.deviations(r, c) = static_cast<float>(value(r) - mean);
    }
  }
  return values;
}

void store(Field& field, std::span<const std::size_t> points, const Values& values,
           MatrixView result) {
  visit_type(field.type(), [&](auto type) {
    using T = decltype(type);
    const std::span<T> target = field.values<T>();
    parallel_each(values.rows.size(), kGrain, [&](std::size_t r) {
      T* const out = target.data() + points[values.rows[r]] * field.count();
      for (std::size_t c = 0; c < result.cols; ++c) {
        out[c] = nearest_value<T>(values.means[c] + double{result(r, c)});
      }
    });
  });
}

}  // namespace

BandwidthFit smooth_field(Field& field, std::span<const std::size_t> points,
                          std::span<const Position> positions, const SmoothOptions& options,
                          const ProgressCallback& progress) {
  check_smoothing(options);
  Values values = finite_values(field, points);
  if (values.rows.size() < 2) return {.bandwidth = 0.0};
  NeighborSmoother smoother(positions, values.rows, options);
  const BandwidthFit fit = smoother.choose_bandwidth(values.deviations);
  Matrix smoothed(values.deviations.rows(), values.deviations.cols());
  const auto average = [&](const NeighborSmoother::Block& block) {
    neighbor_kernel_regression(block.queries, {block.points, values.deviations},
                               block.lists.indices, block.pooling,
                               smoothed.view().rows_range(block.first, block.queries.rows));
  };
  smoother.run(
      average, [&] { std::swap(values.deviations, smoothed); }, progress);
  store(field, points, values, values.deviations);
  return fit;
}

}  // namespace ptattn
