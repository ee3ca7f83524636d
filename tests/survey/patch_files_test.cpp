#include "ptattn/survey/patch_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "../io/temp_folder.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/model_folder.hpp"

namespace ptattn::test {
namespace {

constexpr std::uint32_t kEdge = 64;  // of a square
constexpr std::uint32_t kAcross = 5;

/// Voxels of a hilly piece of land, some of it empty.
std::vector<Cell> voxels(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::set<Cell> cells{{0, 0, 0}};
  while (cells.size() < count) {
    const auto x = static_cast<std::uint32_t>(random.below(kEdge * kAcross));
    const auto y = static_cast<std::uint32_t>(random.below(kEdge * kAcross));
    if (x / kEdge == 2 && y / kEdge == 3) continue;
    cells.insert({x, y, static_cast<std::uint32_t>((x / 7 + y / 5) % 40 + random.below(3))});
  }
  return {cells.begin(), cells.end()};
}

void expect_same_cuts(const PatchCuts& found, const PatchCuts& expected) {
  ASSERT_EQ(found.stages.size(), expected.stages.size());
  for (std::size_t s = 0; s < found.stages.size(); ++s) {
    SCOPED_TRACE(s);
    EXPECT_EQ(found.stages[s].depth, expected.stages[s].depth);
    ASSERT_EQ(found.stages[s].orders.size(), expected.stages[s].orders.size());
    for (std::size_t o = 0; o < found.stages[s].orders.size(); ++o) {
      EXPECT_EQ(found.stages[s].orders[o].begins, expected.stages[s].orders[o].begins);
      EXPECT_EQ(found.stages[s].orders[o].padding_begin,
                expected.stages[s].orders[o].padding_begin);
    }
  }
}

class PatchFiles : public testing::Test {
 protected:
  [[nodiscard]] VoxelFile write(const std::vector<Cell>& cells) const {
    return write_voxels(folder_ / "voxels", kAcross * kAcross, [&](std::size_t square) {
      std::vector<Cell> own;
      for (const Cell& cell : cells) {
        if (cell[0] / kEdge * kAcross + cell[1] / kEdge == square) own.push_back(cell);
      }
      return own;
    });
  }

  TempFolder folder_;
  SegmenterModel aerial_ = load_segmenter(PTATTN_SOURCE_DIR "/samples/models/aerial");
};

TEST_F(PatchFiles, cuts_are_those_that_the_network_finds_in_memory) {
  for (const std::size_t count : {1U, 100U, 128U, 129U, 40'000U}) {
    SCOPED_TRACE(count);
    const std::vector<Cell> cells = voxels(count, count);
    Cell largest{};
    for (const Cell& cell : cells) {
      for (std::size_t a = 0; a < 3; ++a) largest[a] = std::max(largest[a], cell[a]);
    }
    const VoxelFile file = write(cells);
    EXPECT_EQ(file.ends.back(), cells.size());
    const auto grids = aerial_.network->patch_grids(largest);
    for (const int threads : {1, 3}) {
      const ThreadLimit limit(threads);
      const PatchCuts found = find_cuts(
          file, grids, [](const Cell& cell) { return cell; }, folder_ / "codes");
      expect_same_cuts(found, aerial_.network->cuts_of(cells));
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "codes"));
  }
}

TEST_F(PatchFiles, cuts_come_back_from_their_file) {
  const std::vector<Cell> cells = voxels(3000, 5);
  const std::vector<PatchCuts> cuts{aerial_.network->cuts_of(cells), {}};
  write_cuts(folder_ / "cuts", cuts);
  const std::vector<PatchCuts> read = read_cuts(folder_ / "cuts");
  ASSERT_EQ(read.size(), 2U);
  expect_same_cuts(read[0], cuts[0]);
  expect_same_cuts(read[1], cuts[1]);
  EXPECT_TRUE(read_cuts((write_cuts(folder_ / "none", {}), folder_ / "none")).empty());
}

}  // namespace
}  // namespace ptattn::test
