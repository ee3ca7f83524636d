#include "ptattn/models/pct/neighbors.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/neighbors/kd_tree.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/sampling/farthest_point.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSpare = 16;
constexpr std::size_t kQueriesPerTask = 64;

/// Distances |p - q|^2 in float32 (at most 20 roundings of the largest |p|^2 off) that differ by
/// more than this share of the largest |p|^2 are in the same order by the published formula (19
/// roundings off): 78 half units in the last place, and some more.
constexpr float kMargin = 100.0F * 0x1p-24F;

/// a b + c rounded once. The product is exact in float64; on every CPU the same bits, unlike a
/// fused operation that some CPUs lack.
float multiply_add(float a, float b, float c) {
  return static_cast<float>(double{a} * double{b} + double{c});
}

float squared_norm(const float* p) {
  return (p[0] * p[0] + p[1] * p[1]) + p[2] * p[2];
}

/// The dot product as matrix libraries compute it: one chain of fused multiply-adds.
float dot(const float* q, const float* p) {
  return multiply_add(q[2], p[2], multiply_add(q[1], p[1], q[0] * p[0]));
}

float largest_squared_norm(MatrixView points) {
  float largest = 0.0F;
  for (std::size_t i = 0; i < points.rows; ++i) {
    largest = std::max(largest, squared_norm(points.row(i)));
  }
  return largest;
}

float squared_distance(const float* p, const float* q) {
  const float offset[3] = {p[0] - q[0], p[1] - q[1], p[2] - q[2]};
  return squared_norm(offset);
}

/// Chooses k of a query's `near` points by the published formula.
/// @param ranked  memory for as many pairs as there are points
void choose_by_formula(MatrixView points, const float* query, std::span<const std::uint32_t> near,
                       std::span<std::pair<float, std::uint32_t>> ranked,
                       std::span<std::uint32_t> out) {
  const float query_norm = squared_norm(query);
  std::ranges::transform(near, ranked.begin(), [&](std::uint32_t j) {
    const float* point = points.row(j);
    return std::pair((-2.0F * dot(query, point) + query_norm) + squared_norm(point), j);
  });
  const auto last = ranked.begin() + static_cast<std::ptrdiff_t>(out.size());
  std::nth_element(ranked.begin(), last - 1, ranked.end());
  std::transform(ranked.begin(), last, out.begin(),
                 [](const auto& candidate) { return candidate.second; });
}

/// The same for the queries of the given numbers, among their k + kSpare nearest points.
void choose_by_formula(const KdTree& tree, MatrixView points, MatrixView queries,
                       std::span<const std::uint32_t> numbers, std::size_t k,
                       std::span<std::uint32_t> out) {
  const std::size_t candidates = std::min(k + kSpare, points.rows);
  ScratchMemory scratch;
  const MutableMatrixView positions = scratch.matrix(numbers.size(), 3);
  copy_rows(queries, numbers, positions);
  const auto near = scratch.take<std::uint32_t>(numbers.size() * candidates);
  tree.k_nearest(positions, candidates, near);
  parallel_ranges(numbers.size(), kQueriesPerTask, [&](std::size_t begin, std::size_t end) {
    ScratchMemory mine;
    const auto ranked = mine.take<std::pair<float, std::uint32_t>>(candidates);
    for (std::size_t i = begin; i < end; ++i) {
      choose_by_formula(points, positions.row(i), near.subspan(i * candidates, candidates), ranked,
                        out.subspan(numbers[i] * k, k));
    }
  });
}

}  // namespace

// Where the next point is clearly farther than the k-th nearest, as it is for all queries but a few
// in a thousand, rounding cannot change the choice.
void pct_neighbors(MatrixView points, MatrixView queries, std::size_t k,
                   std::span<std::uint32_t> out) {
  ScratchMemory scratch;
  const KdTree tree(points, scratch);
  const std::size_t looked_at = std::min(k + 1, points.rows);
  const auto near = scratch.take<std::uint32_t>(queries.rows * looked_at);
  tree.k_nearest(queries, looked_at, near);
  const float margin =
      kMargin * std::max(largest_squared_norm(points), largest_squared_norm(queries));
  const auto unclear = scratch.take<std::uint32_t>(queries.rows);
  std::size_t count = 0;
  for (std::size_t i = 0; i < queries.rows; ++i) {
    const auto row = near.subspan(i * looked_at, looked_at);
    std::ranges::copy(row.first(k), out.begin() + static_cast<std::ptrdiff_t>(i * k));
    if (looked_at == k) continue;  // all points
    const float last = squared_distance(points.row(row[k - 1]), queries.row(i));
    const float next = squared_distance(points.row(row[k]), queries.row(i));
    if (!(next - last > margin)) unclear[count++] = static_cast<std::uint32_t>(i);
  }
  choose_by_formula(tree, points, queries, unclear.first(count), k, out);
}

PctGroups pct_groups(MatrixView points, const PctConfig::Group& group, ScratchMemory& scratch) {
  const auto sampled = scratch.take<std::uint32_t>(group.points);
  farthest_point_sample(points, 0, sampled);
  const MutableMatrixView positions = scratch.matrix(group.points, 3);
  copy_rows(points, sampled, positions);
  const auto neighbors = scratch.take<std::uint32_t>(group.points * group.neighbors);
  pct_neighbors(points, positions, group.neighbors, neighbors);
  return {sampled, positions, neighbors};
}

}  // namespace ptattn
