// A network that has seen a cloud allocates next to nothing for another of the same size. A program
// of its own, since it replaces the global operator new.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "counted_allocations.hpp"
#include "golden_case.hpp"
#include "point_case.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/registry.hpp"
#include "small_pct.hpp"

namespace ptattn::test {
namespace {

/// The fewest allocations of ten passes on `threads` threads after ten that do not count. The
/// fewest, since a thread that joins late brings its memory along.
long allocations_of_a_pass(const Classifier& network, std::size_t points, int threads) {
  const ThreadLimit limit(threads);
  long fewest = std::numeric_limits<long>::max();
  for (int pass = 0; pass < 20; ++pass) {
    const Matrix cloud = cube(points, static_cast<std::uint64_t>(pass) + 1);
    const long before = allocations_so_far();
    (void)network.logits(cloud);
    if (pass >= 10) fewest = std::min(fewest, allocations_so_far() - before);
  }
  return fewest;
}

TEST(steady_state, counts_allocations) {
  const long before = allocations_so_far();
  const auto one = std::make_unique<int>(1);
  const int* volatile seen = one.get();  // compilers may leave out what nobody looks at
  (void)seen;
  const Matrix another(2, 2);
  EXPECT_EQ(allocations_so_far() - before, 2);
}

TEST(steady_state, pct_allocates_what_it_returns) {
  for (const char* name : {"pct_cls", "pct_cls_posenc"}) {
    const auto golden =
        read_golden_case(std::string(PTATTN_SOURCE_DIR "/tests/golden/") + name + ".json");
    for (const Precision precision : {Precision::kFloat32, Precision::kBf16, Precision::kInt8}) {
      const auto network = make_classifier(golden.architecture, golden.weights, precision);
      for (const int threads : {1, 2}) {
        EXPECT_EQ(allocations_of_a_pass(*network, 1024, threads), 1)
            << name << ", " << name_of(precision) << ", " << threads << " threads";
      }
    }
  }
}

/// The allocations of the third pass of a golden case, on one thread.
long allocations_of_golden_pass(const std::string& name,
                                Precision precision = Precision::kFloat32) {
  const auto golden = read_golden_case(PTATTN_SOURCE_DIR "/tests/golden/" + name + ".json");
  const auto network = make_point_network(golden.architecture, golden.weights, precision);
  const PointCase input(golden.data);
  const ThreadLimit limit(1);
  (void)network->forward(input.view());
  (void)network->forward(input.view());
  const long before = allocations_so_far();
  (void)network->forward(input.view());
  return allocations_so_far() - before;
}

TEST(steady_state, point_networks_allocate_what_they_return) {
  for (const char* name : {"ptv3_rpe_seg", "ptv3_batch2_seg", "ptv3_fewer_points_than_patch",
                           "sonata_small_seg", "spct_partseg", "ptv1_s3dis_seg", "litept_tiny_seg",
                           "litept_decoder_seg", "volt_tiny_seg", "volt_scale_seg"}) {
    EXPECT_EQ(allocations_of_golden_pass(name), 1) << name;
  }
  for (const char* name : {"ptv3_rpe_seg", "litept_decoder_seg", "volt_tiny_seg"}) {
    EXPECT_EQ(allocations_of_golden_pass(name, Precision::kBf16), 1) << name << ", bf16";
  }
  EXPECT_EQ(allocations_of_golden_pass("utonia_tiny_enc"), 2);  // values and positions
}

TEST(steady_state, of_many_sizes_is_that_of_the_largest) {
  const auto network = make_classifier({"pct_cls", kSmallPct, "config.json"}, small_pct_weights());
  const ThreadLimit limit(1);
  (void)network->logits(cube(500, 1));
  (void)network->logits(cube(500, 1));
  for (const std::size_t points : {24, 100, 499}) {
    const Matrix cloud = cube(points, 2);
    const long before = allocations_so_far();
    (void)network->logits(cloud);
    EXPECT_EQ(allocations_so_far() - before, 1) << points;
  }
}

}  // namespace
}  // namespace ptattn::test
