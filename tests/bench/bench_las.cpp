// Times one pass over a LAS or LAZ file, for scripts/bench_las.py, which lets others take turns.
//
//   bench_las read FILE THREADS          reads all points with all their fields
//   bench_las write FILE OUT THREADS     writes what FILE holds to OUT; reading does not count
//
// Prints the seconds, and those of the processor. Writing ends when the bytes are on the disk.

#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <string>

#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace {

using Clock = std::chrono::steady_clock;

/// Runs from its construction until it is printed.
class Stopwatch {
 public:
  void print() const {
    const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
    const auto processor = static_cast<double>(std::clock() - processor_) / CLOCKS_PER_SEC;
    std::printf("%.4f %.4f\n", elapsed, processor);
  }

 private:
  Clock::time_point start_ = Clock::now();
  std::clock_t processor_ = std::clock();
};

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "read" && argc == 4) {
      const ptattn::ThreadLimit limit(std::stoi(argv[3]));
      const Stopwatch watch;
      const ptattn::PointCloud cloud = ptattn::read_cloud(argv[2]);
      watch.print();
      return cloud.empty() ? 1 : 0;
    }
    if (what == "write" && argc == 5) {
      const ptattn::ThreadLimit limit(std::stoi(argv[4]));
      const ptattn::PointCloud cloud = ptattn::read_cloud(argv[2]);
      const Stopwatch watch;
      ptattn::write_cloud(argv[3], cloud);
      watch.print();
      return 0;
    }
    std::fputs("usage: bench_las read FILE THREADS | write FILE OUT THREADS\n", stderr);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_las: %s\n", error.what());
    return 1;
  }
}
