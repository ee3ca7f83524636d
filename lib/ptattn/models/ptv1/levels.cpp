#include "ptattn/models/ptv1/levels.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/neighbors/kd_tree.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/reduce.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/sampling/farthest_point.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kInterpolated = 3;
constexpr std::size_t kPointsPerTask = 256;
// Rows of neighbours that are worked on at a time.
constexpr std::size_t kBlockRows = 128;

using Lists = std::span<std::span<const std::uint32_t>>;

/// The nearest `points` of each query, min(k, points) of them, in memory of `scratch`.
std::span<const std::uint32_t> neighbors_of(MatrixView points, MatrixView queries, std::size_t k,
                                            ScratchMemory& scratch) {
  if (points.rows == 0) return {};
  k = std::min(k, points.rows);
  const auto neighbors = scratch.take<std::uint32_t>(queries.rows * k);
  ScratchMemory of_tree;
  KdTree(points, of_tree).k_nearest(queries, k, neighbors);
  return neighbors;
}

void find_neighbors(Ptv1Geometry& level, std::size_t k, ScratchMemory& scratch) {
  const Lists lists = scratch.take<std::span<const std::uint32_t>>(level.clouds.size());
  for (std::size_t c = 0; c < lists.size(); ++c) {
    const MatrixView points = level.clouds[c].of(level.positions);
    lists[c] = neighbors_of(points, points, k, scratch);
  }
  level.neighbors = lists;
}

using Mixture = std::array<float, kInterpolated>;

/// How much of each of its nearest coarse points a point takes.
Mixture mixture(const float* point, MatrixView coarse, std::span<const std::uint32_t> nearest) {
  Mixture mix{};
  float sum = 0.0F;
  for (std::size_t j = 0; j < nearest.size(); ++j) {
    const float* other = coarse.row(nearest[j]);
    const float dx = other[0] - point[0];
    const float dy = other[1] - point[1];
    const float dz = other[2] - point[2];
    mix[j] = 1.0F / (std::sqrt(dx * dx + dy * dy + dz * dz) + 1e-8F);
    sum += mix[j];
  }
  for (std::size_t j = 0; j < nearest.size(); ++j) mix[j] /= sum;
  return mix;
}

/// ptv1_pool for some sampled points of one cloud.
void pool_block(MatrixView positions, MatrixView centers, std::span<const std::uint32_t> neighbors,
                const Linear& position, MatrixView projected, MutableMatrixView out) {
  const std::size_t k = neighbors.size() / centers.rows;
  ScratchMemory scratch;
  const MutableMatrixView steps = scratch.matrix(neighbors.size(), 3);
  const MutableMatrixView gathered = scratch.matrix(neighbors.size(), projected.cols);
  const MutableMatrixView rows = scratch.matrix(neighbors.size(), projected.cols);
  for (std::size_t r = 0; r < neighbors.size(); ++r) {
    for (std::size_t a = 0; a < 3; ++a) {
      steps(r, a) = positions(neighbors[r], a) - centers(r / k, a);
    }
  }
  copy_rows(projected, neighbors, gathered);
  gemm(steps, position.weight, 0, position.weight.panels(), {nullptr, Activation::kNone, gathered},
       rows);
  for (std::size_t i = 0; i < centers.rows; ++i) {
    column_max(rows.rows_range(i * k, k), out.row(i));
    for (std::size_t c = 0; c < out.cols; ++c) {
      out(i, c) = std::max(out(i, c) + position.bias[c], 0.0F);
    }
  }
}

}  // namespace

Ptv1Geometry ptv1_geometry(const PointInput& input, std::size_t neighbors, ScratchMemory& scratch) {
  Ptv1Geometry level{
      .positions = input.positions, .clouds = cloud_rows(input, scratch), .neighbors = {}};
  find_neighbors(level, neighbors, scratch);
  return level;
}

Ptv1Sampling ptv1_sample(const Ptv1Geometry& fine, std::size_t stride, std::size_t neighbors,
                         ScratchMemory& scratch) {
  const auto clouds = scratch.take<CloudRows>(fine.clouds.size());
  std::size_t total = 0;
  for (std::size_t c = 0; c < clouds.size(); ++c) {
    const std::size_t count = fine.clouds[c].count;
    clouds[c] = {total, count == 0 ? 0 : std::max<std::size_t>(1, count / stride)};
    total += clouds[c].count;
  }
  const MutableMatrixView positions = scratch.matrix(total, 3);
  const auto samples = scratch.take<std::uint32_t>(total);
  parallel_each(clouds.size(), 1, [&](std::size_t c) {
    const auto [begin, count] = clouds[c];
    if (count == 0) return;
    const MatrixView points = fine.clouds[c].of(fine.positions);
    const auto of_cloud = samples.subspan(begin, count);
    farthest_point_sample(points, 0, of_cloud);
    copy_rows(points, of_cloud, positions.rows_range(begin, count));
  });
  const Lists lists = scratch.take<std::span<const std::uint32_t>>(clouds.size());
  for (std::size_t c = 0; c < clouds.size(); ++c) {
    lists[c] = neighbors_of(fine.clouds[c].of(fine.positions), clouds[c].of(positions), neighbors,
                            scratch);
  }
  Ptv1Sampling step{{.positions = positions, .clouds = clouds, .neighbors = {}}, lists};
  find_neighbors(step.coarse, neighbors, scratch);
  return step;
}

void ptv1_pool(const Ptv1Geometry& fine, const Ptv1Sampling& sampling, const Linear& position,
               MatrixView projected, MutableMatrixView out) {
  for (std::size_t c = 0; c < fine.clouds.size(); ++c) {
    const CloudRows rows = sampling.coarse.clouds[c];
    if (rows.count == 0) continue;
    const std::span<const std::uint32_t> neighbors = sampling.neighbors[c];
    const std::size_t k = neighbors.size() / rows.count;
    const MatrixView centers = rows.of(sampling.coarse.positions);
    const MutableMatrixView pooled = out.rows_range(rows.begin, rows.count);
    const std::size_t block = std::max<std::size_t>(1, kBlockRows / k);
    parallel_each((rows.count + block - 1) / block, 1, [&](std::size_t b) {
      const std::size_t first = b * block;
      const std::size_t count = std::min(block, rows.count - first);
      pool_block(fine.clouds[c].of(fine.positions), centers.rows_range(first, count),
                 neighbors.subspan(first * k, count * k), position, fine.clouds[c].of(projected),
                 pooled.rows_range(first, count));
    });
  }
}

void ptv1_add_interpolated(const Ptv1Geometry& coarse, MatrixView values, const Ptv1Geometry& fine,
                           MutableMatrixView out) {
  for (std::size_t c = 0; c < fine.clouds.size(); ++c) {
    const CloudRows rows = fine.clouds[c];
    if (rows.count == 0) continue;
    const MatrixView from = coarse.clouds[c].of(coarse.positions);
    const MatrixView from_values = coarse.clouds[c].of(values);
    const MatrixView to = rows.of(fine.positions);
    ScratchMemory scratch;
    const std::size_t k = std::min(kInterpolated, from.rows);
    const auto nearest = neighbors_of(from, to, k, scratch);
    parallel_each(rows.count, kPointsPerTask, [&](std::size_t i) {
      const auto list = nearest.subspan(i * k, k);
      const Mixture mix = mixture(to.row(i), from, list);
      float* row = out.row(rows.begin + i);
      for (std::size_t j = 0; j < list.size(); ++j) {
        const float* value = from_values.row(list[j]);
        for (std::size_t ch = 0; ch < values.cols; ++ch) row[ch] += mix[j] * value[ch];
      }
    });
  }
}

}  // namespace ptattn
