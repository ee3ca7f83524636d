#include "ptattn/models/pct_neighbors.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/neighbors/knn.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSpare = 16;
constexpr std::size_t kQueriesPerTask = 64;

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

}  // namespace

void pct_neighbors(MatrixView points, MatrixView queries, std::size_t k,
                   std::span<std::uint32_t> out) {
  const std::size_t candidates = std::min(k + kSpare, points.rows);
  ScratchMemory scratch;
  const auto near = scratch.take<std::uint32_t>(queries.rows * candidates);
  k_nearest(points, queries, candidates, near);
  parallel_ranges(queries.rows, kQueriesPerTask, [&](std::size_t begin, std::size_t end) {
    ScratchMemory mine;
    const auto ranked = mine.take<std::pair<float, std::uint32_t>>(candidates);
    for (std::size_t i = begin; i < end; ++i) {
      const float* query = queries.row(i);
      const float query_norm = squared_norm(query);
      std::ranges::transform(
          near.subspan(i * candidates, candidates), ranked.begin(), [&](std::uint32_t j) {
            const float* point = points.row(j);
            return std::pair((-2.0F * dot(query, point) + query_norm) + squared_norm(point), j);
          });
      const auto last = ranked.begin() + static_cast<std::ptrdiff_t>(k);
      std::nth_element(ranked.begin(), last - 1, ranked.end());
      std::transform(ranked.begin(), last, out.begin() + static_cast<std::ptrdiff_t>(i * k),
                     [](const auto& candidate) { return candidate.second; });
    }
  });
}

}  // namespace ptattn
