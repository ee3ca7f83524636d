// Reading and writing beside PCL, 5 million points of x, y, z and intensity (80 MB). PCL is given
// its fastest type for each format: PCLPointCloud2, which spares it the conversion to structs.
// Files live in the temporary folder ($TMPDIR) and stay in the page cache between runs. Our writer
// also waits for the disk (fsync) before it renames, PCL's does not.

#include <unistd.h>

#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>
#include <pcl/PCLPointCloud2.h>
#include <pcl/io/pcd_io.h>
#include <pcl/io/ply_io.h>

#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/pcl_convert.hpp"

namespace {

using namespace ptattn;
namespace fs = std::filesystem;

constexpr std::size_t kPoints = 5'000'000;
constexpr double kBytes = kPoints * 16.0;

const PointCloud& cloud() {
  static const PointCloud made = [] {
    PointCloud c(kPoints);
    Random random(1);
    for (const char* name : {"x", "y", "z", "intensity"}) {
      for (float& v : c.add(name, FieldType::kFloat32).values<float>()) {
        v = static_cast<float>(random.uniform());
      }
    }
    return c;
  }();
  return made;
}

fs::path path_of(const char* name) {
  return fs::temp_directory_path() / (std::to_string(::getpid()) + name);
}

/// A file that exists while the benchmark runs.
struct File {
  explicit File(const char* name) : path(path_of(name)) {}
  ~File() { fs::remove(path); }
  fs::path path;
};

void finish(benchmark::State& state) {
  state.counters["MB/s"] = benchmark::Counter(
      kBytes * 1e-6 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void read_ours(benchmark::State& state, const char* name, Encoding encoding) {
  const File file(name);
  write_cloud(file.path, cloud(), encoding);
  for (auto _ : state) benchmark::DoNotOptimize(read_cloud(file.path));
  finish(state);
}

template <class Reader>
void read_pcl(benchmark::State& state, const char* name, Encoding encoding) {
  const File file(name);
  write_cloud(file.path, cloud(), encoding);
  for (auto _ : state) {
    pcl::PCLPointCloud2 read;
    Reader().read(file.path.string(), read);
    benchmark::DoNotOptimize(read);
  }
  finish(state);
}

void write_ours(benchmark::State& state, const char* name, Encoding encoding) {
  const File file(name);
  cloud();
  for (auto _ : state) write_cloud(file.path, cloud(), encoding);
  finish(state);
}

void read_pcl_ply(benchmark::State& state, const char* name, Encoding encoding) {
  read_pcl<pcl::PLYReader>(state, name, encoding);
}
void read_pcl_pcd(benchmark::State& state, const char* name, Encoding encoding) {
  read_pcl<pcl::PCDReader>(state, name, encoding);
}

template <class Write>
void write_pcl(benchmark::State& state, const char* name, const Write& write) {
  const File file(name);
  const pcl::PCLPointCloud2 converted = to_pcl(cloud());
  for (auto _ : state) write(file.path.string(), converted);
  finish(state);
}

void write_pcl_ply(const std::string& path, const pcl::PCLPointCloud2& c) {
  pcl::PLYWriter().writeBinary(path, c, Eigen::Vector4f::Zero(), Eigen::Quaternionf::Identity(),
                               false);
}
void write_pcl_pcd(const std::string& path, const pcl::PCLPointCloud2& c) {
  pcl::PCDWriter().writeBinary(path, c);
}
void write_pcl_compressed(const std::string& path, const pcl::PCLPointCloud2& c) {
  pcl::PCDWriter().writeBinaryCompressed(path, c);
}

constexpr auto kCompressed = Encoding::kBinaryCompressed;

#define PTATTN_IO_BENCHMARK(function, ...) \
  BENCHMARK_CAPTURE(function, __VA_ARGS__)->Unit(benchmark::kMillisecond)->UseRealTime()
PTATTN_IO_BENCHMARK(read_ours, ply, ".ply", Encoding::kBinary);
PTATTN_IO_BENCHMARK(read_pcl_ply, ply, ".ply", Encoding::kBinary);
PTATTN_IO_BENCHMARK(read_ours, ply_big_endian, ".ply", Encoding::kBinaryBigEndian);
PTATTN_IO_BENCHMARK(read_ours, pcd, ".pcd", Encoding::kBinary);
PTATTN_IO_BENCHMARK(read_pcl_pcd, pcd, ".pcd", Encoding::kBinary);
PTATTN_IO_BENCHMARK(read_ours, pcd_compressed, ".pcd", kCompressed);
PTATTN_IO_BENCHMARK(read_pcl_pcd, pcd_compressed, ".pcd", kCompressed);
PTATTN_IO_BENCHMARK(read_ours, pcd_ascii, ".pcd", Encoding::kAscii);
PTATTN_IO_BENCHMARK(read_pcl_pcd, pcd_ascii, ".pcd", Encoding::kAscii);
PTATTN_IO_BENCHMARK(write_ours, ply, ".ply", Encoding::kBinary);
PTATTN_IO_BENCHMARK(write_pcl, ply, ".ply", write_pcl_ply);
PTATTN_IO_BENCHMARK(write_ours, pcd, ".pcd", Encoding::kBinary);
PTATTN_IO_BENCHMARK(write_pcl, pcd, ".pcd", write_pcl_pcd);
PTATTN_IO_BENCHMARK(write_ours, pcd_compressed, ".pcd", kCompressed);
PTATTN_IO_BENCHMARK(write_pcl, pcd_compressed, ".pcd", write_pcl_compressed);
PTATTN_IO_BENCHMARK(write_ours, pcd_ascii, ".pcd", Encoding::kAscii);

}  // namespace
