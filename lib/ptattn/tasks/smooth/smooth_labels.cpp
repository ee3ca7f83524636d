#include "ptattn/tasks/smooth/smooth_labels.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/geometry/neighbor_vote.hpp"
#include "ptattn/tasks/smooth/neighbor_smoother.hpp"

namespace ptattn {
namespace {

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

}  // namespace

LabelSmoothing smooth_labels(Field& field, std::span<const std::size_t> points,
                             std::span<const Position> positions, const SmoothOptions& options,
                             const ProgressCallback& progress) {
  check_smoothing(options);
  if (field.count() != 1) {
    throw Error(Fault::kUsage, field.name(), "has several values per point, expected one label");
  }
  Labels labels = labels_in(field, points);
  LabelSmoothing result{.fit = {.bandwidth = 0.0}, .labels = labels.rows.size()};
  if (labels.rows.size() < 2) return result;
  NeighborSmoother smoother(positions, labels.rows, options);
  result.fit = smoother.choose_bandwidth(indicators(labels));
  std::vector<std::uint32_t> classes = labels.classes;
  std::vector<std::uint32_t> elected(classes.size());
  const auto elect = [&](const NeighborSmoother::Block& block) {
    const IndexTable& lists = block.lists;
    Matrix weights(lists.rows, lists.k);
    neighbor_kernel_weights(block.queries, block.points, lists.indices, block.pooling, weights);
    parallel_each(lists.rows, kGrain, [&](std::size_t i) {
      const NeighborVote vote =
          vote_of({lists.row(i), lists.k}, {weights.row(i), lists.k}, classes);
      elected[block.first + i] = classes[vote.winner == kNoIndex ? block.first + i : vote.winner];
    });
  };
  smoother.run(
      elect, [&] { std::swap(classes, elected); }, progress);
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
