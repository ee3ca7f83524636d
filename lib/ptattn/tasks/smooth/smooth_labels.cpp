#include "ptattn/tasks/smooth/smooth_labels.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/grouping.hpp"
#include "ptattn/tasks/geometry/neighbor_vote.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSample = 4096;
constexpr std::size_t kGrain = 1024;
constexpr std::size_t kColumns = 8;

/// Labels as numbers 0, 1, ... in the order in which they are met.
struct Labels {
  std::vector<std::size_t> rows;        // among the points that take part
  std::vector<std::uint32_t> classes;   // of these
  std::vector<std::size_t> first_rows;  // of the cloud: where a class has its value
};

Labels labels_in(const Field& field, std::span<const std::size_t> points) {
  Labels labels;
  std::map<double, std::uint32_t> numbers;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double value = field.as_double(points[i]);
    if (!std::isfinite(value)) continue;
    const auto next = static_cast<std::uint32_t>(numbers.size());
    const auto [found, fresh] = numbers.emplace(value, next);
    if (fresh) labels.first_rows.push_back(points[i]);
    labels.rows.push_back(i);
    labels.classes.push_back(found->second);
  }
  return labels;
}

/// One column a class, 1 where a point has it.
Matrix indicators(const Labels& labels) {
  const std::size_t columns = std::min(kColumns, labels.first_rows.size());
  Matrix shares(labels.classes.size(), columns);
  std::fill_n(shares.data(), labels.classes.size() * columns, 0.0F);
  for (std::size_t r = 0; r < labels.classes.size(); ++r) {
    shares(r, labels.classes[r] % columns) = 1.0F;
  }
  return shares;
}

BandwidthFit choose_bandwidth(const KdTree& tree, MatrixView points, const Labels& labels,
                              const SmoothOptions& options) {
  const Matrix shares = indicators(labels);
  const std::vector<std::uint32_t> sample = spread_rows(points.rows, kSample);
  const IndexTable lists = neighbors_in(tree, gather_rows(points, sample), options.neighborhood);
  const LeaveOneOut known{.keys = points,
                          .values = shares,
                          .sample = sample,
                          .neighbors = lists.indices,
                          .kernel = options.kernel};
  if (!options.bandwidth) return fit_bandwidth(known);
  BandwidthFit given{.bandwidth = *options.bandwidth};
  given.loss = leave_one_out_loss(known, static_cast<float>(given.bandwidth));
  return given;
}

/// One vote of all points.
std::vector<std::uint32_t> elected(const KdTree& tree, MatrixView points,
                                   const std::vector<std::uint32_t>& classes,
                                   const SmoothOptions& options, float bandwidth,
                                   const ProgressCallback& progress) {
  std::vector<std::uint32_t> winners(classes.size());
  for (std::size_t first = 0; first < points.rows; first += kNeighborhoodBlock) {
    const std::size_t count = std::min(kNeighborhoodBlock, points.rows - first);
    const MatrixView queries = points.rows_range(first, count);
    const IndexTable lists = neighbors_in(tree, queries, options.neighborhood);
    Matrix weights(count, lists.k);
    neighbor_kernel_weights(queries, points, lists.indices,
                            {.kernel = options.kernel, .bandwidth = {&bandwidth, 1}}, weights);
    parallel_each(count, kGrain, [&](std::size_t i) {
      const NeighborVote vote =
          vote_of({lists.row(i), lists.k}, {weights.row(i), lists.k}, classes);
      winners[first + i] = vote.winner == kNoIndex ? classes[first + i] : classes[vote.winner];
    });
    if (progress) progress(first + count, points.rows);
  }
  return winners;
}

}  // namespace

LabelSmoothing smooth_labels(Field& field, std::span<const std::size_t> points,
                             std::span<const Position> positions, const SmoothOptions& options,
                             const ProgressCallback& progress) {
  check_smoothing(options);
  if (field.count() != 1) {
    throw Error(Fault::kUsage, field.name(), "has several values a point, expected one label");
  }
  Labels labels = labels_in(field, points);
  LabelSmoothing result{.fit = {.bandwidth = 0.0}, .labels = labels.rows.size()};
  if (labels.rows.size() < 2) return result;
  std::vector<Position> with_labels(labels.rows.size());
  for (std::size_t r = 0; r < with_labels.size(); ++r) with_labels[r] = positions[labels.rows[r]];
  const Matrix rows = rows_relative_to(bounds_of(with_labels).middle(), with_labels);
  const KdTree tree(rows);
  result.fit = choose_bandwidth(tree, rows, labels, options);
  std::vector<std::uint32_t> classes = labels.classes;
  for (std::size_t iteration = 0; iteration < options.iterations; ++iteration) {
    classes = elected(tree, rows, classes, options, static_cast<float>(result.fit.bandwidth),
                      progress_of_pass(progress, iteration, options.iterations));
  }
  const std::size_t size = field.bytes_per_point();
  const Field before = field;
  for (std::size_t r = 0; r < classes.size(); ++r) {
    if (classes[r] == labels.classes[r]) continue;
    ++result.changed;
    std::memcpy(field.bytes().data() + points[labels.rows[r]] * size,
                before.bytes().data() + labels.first_rows[classes[r]] * size, size);
  }
  return result;
}

}  // namespace ptattn
