#include "ptattn/tasks/smooth/smooth_field.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/nearest_value.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/grouping.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSample = 4096;
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

BandwidthFit choose_bandwidth(const KdTree& tree, MatrixView points, MatrixView values,
                              const SmoothOptions& options) {
  const std::vector<std::uint32_t> sample = spread_rows(points.rows, kSample);
  const IndexTable lists = neighbors_in(tree, gather_rows(points, sample), options.neighborhood);
  const LeaveOneOut known{.keys = points,
                          .values = values,
                          .sample = sample,
                          .neighbors = lists.indices,
                          .kernel = options.kernel};
  if (!options.bandwidth) return fit_bandwidth(known);
  BandwidthFit given{.bandwidth = *options.bandwidth};
  given.loss = leave_one_out_loss(known, static_cast<float>(given.bandwidth));
  LeaveOneOut widest = known;
  widest.kernel = Kernel::kConstant;
  given.constant = leave_one_out_loss(widest, 1.0F);
  return given;
}

/// One pass over all points.
Matrix regressed(const KdTree& tree, MatrixView points, MatrixView values,
                 const SmoothOptions& options, float bandwidth, const ProgressCallback& progress) {
  Matrix result(values.rows, values.cols);
  for (std::size_t first = 0; first < points.rows; first += kNeighborhoodBlock) {
    const std::size_t count = std::min(kNeighborhoodBlock, points.rows - first);
    const MatrixView queries = points.rows_range(first, count);
    const IndexTable lists = neighbors_in(tree, queries, options.neighborhood);
    neighbor_kernel_regression(queries, points, values, lists.indices,
                               {.kernel = options.kernel, .bandwidth = {&bandwidth, 1}},
                               result.view().rows_range(first, count));
    if (progress) progress(first + count, points.rows);
  }
  return result;
}

}  // namespace

BandwidthFit smooth_field(Field& field, std::span<const std::size_t> points,
                          std::span<const Position> positions, const SmoothOptions& options,
                          const ProgressCallback& progress) {
  check_smoothing(options);
  Values values = finite_values(field, points);
  if (values.rows.size() < 2) return {.bandwidth = 0.0};
  std::vector<Position> with_values(values.rows.size());
  for (std::size_t r = 0; r < with_values.size(); ++r) with_values[r] = positions[values.rows[r]];
  const Matrix rows = rows_relative_to(bounds_of(with_values).middle(), with_values);
  const KdTree tree(rows);
  const BandwidthFit fit = choose_bandwidth(tree, rows, values.deviations, options);
  for (std::size_t iteration = 0; iteration < options.iterations; ++iteration) {
    values.deviations =
        regressed(tree, rows, values.deviations, options, static_cast<float>(fit.bandwidth),
                  progress_of_pass(progress, iteration, options.iterations));
  }
  store(field, points, values, values.deviations);
  return fit;
}

}  // namespace ptattn
