// k nearest neighbours, ours against pcl::KdTreeFLANN. Both build their tree inside the measured
// loop and ask for the neighbours of every point of the cloud.

#include <benchmark/benchmark.h>

#include <pcl/kdtree/kdtree_flann.h>
#include <pcl/point_types.h>

#include "clouds.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/neighbors/knn.hpp"

namespace {

using ptattn::Matrix;
using ptattn_bench::surface;
using ptattn_bench::volume;

template <Matrix (*kCloud)(std::size_t)>
void ptattn_knn(benchmark::State& state) {
  const Matrix points = kCloud(static_cast<std::size_t>(state.range(0)));
  const ptattn::ThreadLimit limit(static_cast<int>(state.range(2)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        ptattn::k_nearest(points, points, static_cast<std::size_t>(state.range(1))));
  }
}

template <Matrix (*kCloud)(std::size_t)>
void pcl_flann_knn(benchmark::State& state) {
  const Matrix points = kCloud(static_cast<std::size_t>(state.range(0)));
  const auto k = static_cast<unsigned>(state.range(1));
  const auto cloud = pcl::make_shared<pcl::PointCloud<pcl::PointXYZ>>();
  for (std::size_t i = 0; i < points.rows(); ++i) {
    cloud->emplace_back(points(i, 0), points(i, 1), points(i, 2));
  }
  pcl::Indices indices(k);
  std::vector<float> distances(k);
  for (auto _ : state) {
    pcl::KdTreeFLANN<pcl::PointXYZ> tree;
    tree.setInputCloud(cloud);
    for (const pcl::PointXYZ& point : *cloud) {
      benchmark::DoNotOptimize(tree.nearestKSearch(point, k, indices, distances));
    }
  }
}

constexpr std::int64_t kAllThreads = 0;

void ptattn_cases(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"points", "k", "threads"})
      ->Unit(benchmark::kMillisecond)
      ->MeasureProcessCPUTime()
      ->UseRealTime();
  for (const std::int64_t points : {100'000, 1'000'000}) {
    bench->Args({points, 16, 1})->Args({points, 16, kAllThreads});
  }
}

void pcl_cases(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"points", "k"})->Unit(benchmark::kMillisecond);
  bench->Args({100'000, 16})->Args({1'000'000, 16});
}

BENCHMARK(ptattn_knn<surface>)->Apply(ptattn_cases);
BENCHMARK(pcl_flann_knn<surface>)->Apply(pcl_cases);
BENCHMARK(ptattn_knn<volume>)->Apply(ptattn_cases);
BENCHMARK(pcl_flann_knn<volume>)->Apply(pcl_cases);

/// What the classifiers ask for: half of the points as queries.
void model_knn(benchmark::State& state) {
  const Matrix points = surface(static_cast<std::size_t>(state.range(0)));
  const ptattn::ThreadLimit limit(1);
  const ptattn::MatrixView queries = points.view().rows_range(0, points.rows() / 2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        ptattn::k_nearest(points, queries, static_cast<std::size_t>(state.range(1))));
  }
}
BENCHMARK(model_knn)
    ->ArgNames({"points", "k"})
    ->Args({512, 32})
    ->Args({1024, 32})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
