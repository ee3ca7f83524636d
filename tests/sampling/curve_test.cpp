#include "ptattn/sampling/curve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

constexpr Curve kCurves[] = {Curve::kZ, Curve::kZTrans, Curve::kHilbert, Curve::kHilbertTrans};

/// Skilling's algorithm as published, on bits, then from Gray code to binary.
std::uint64_t skilling(Cell x, int depth) {
  for (int bit = depth - 1; bit >= 0; --bit) {
    const std::uint32_t low = (1U << static_cast<unsigned>(bit)) - 1;
    for (std::uint32_t& axis : x) {
      if ((axis >> static_cast<unsigned>(bit) & 1U) != 0) {
        x[0] ^= low;
      } else {
        const std::uint32_t swap = (x[0] ^ axis) & low;
        x[0] ^= swap;
        axis ^= swap;
      }
    }
  }
  std::uint64_t code = 0;
  std::uint64_t parity = 0;
  for (int bit = depth - 1; bit >= 0; --bit) {
    for (const std::uint32_t axis : x) {
      parity ^= axis >> static_cast<unsigned>(bit) & 1U;
      code = code << 1U | parity;
    }
  }
  return code;
}

Cell random_cell(Random& random, int depth) {
  const double side = static_cast<double>(1U << static_cast<unsigned>(depth));
  Cell cell{};
  for (std::uint32_t& x : cell) x = static_cast<std::uint32_t>(random.uniform() * side);
  return cell;
}

std::vector<Cell> all_cells(std::uint32_t side) {
  std::vector<Cell> cells;
  for (std::uint32_t x = 0; x < side; ++x) {
    for (std::uint32_t y = 0; y < side; ++y) {
      for (std::uint32_t z = 0; z < side; ++z) cells.push_back({x, y, z});
    }
  }
  return cells;
}

TEST(curve, z_order_by_hand) {
  // x = 101, y = 011, z = 110: the triples from the top are 101, 011, 110.
  EXPECT_EQ(curve_code(Curve::kZ, {5, 3, 6}, 3), 0b101'011'110U);
  EXPECT_EQ(curve_code(Curve::kZTrans, {5, 3, 6}, 3), 0b011'101'110U);
  EXPECT_EQ(curve_code(Curve::kZ, {0x1fffff, 0x1fffff, 0x1fffff}, 21), 0x7fffffffffffffffU);
}

TEST(curve, hilbert_order_of_the_smallest_cube) {
  // The Gray code 000 001 011 010 110 111 101 100 read as x y z.
  const std::vector<Cell> path = {{0, 0, 0}, {0, 0, 1}, {0, 1, 1}, {0, 1, 0},
                                  {1, 1, 0}, {1, 1, 1}, {1, 0, 1}, {1, 0, 0}};
  for (std::size_t i = 0; i < path.size(); ++i) {
    EXPECT_EQ(curve_code(Curve::kHilbert, path[i], 1), i);
    EXPECT_EQ(curve_code(Curve::kHilbertTrans, {path[i][1], path[i][0], path[i][2]}, 1), i);
  }
}

TEST(curve, hilbert_agrees_with_the_algorithm_as_published) {
  Random random(1);
  for (int depth = 1; depth <= kMaxCurveDepth; ++depth) {
    for (int i = 0; i < 200; ++i) {
      const Cell cell = random_cell(random, depth);
      EXPECT_EQ(curve_code(Curve::kHilbert, cell, depth), skilling(cell, depth)) << depth;
      EXPECT_EQ(curve_code(Curve::kHilbertTrans, cell, depth),
                skilling({cell[1], cell[0], cell[2]}, depth));
    }
  }
}

TEST(curve, every_code_belongs_to_one_cell) {
  for (const Curve curve : kCurves) {
    std::vector<bool> seen(16 * 16 * 16, false);
    for (const Cell& cell : all_cells(16)) {
      const std::uint64_t code = curve_code(curve, cell, 4);
      ASSERT_LT(code, seen.size());
      EXPECT_FALSE(seen[code]);
      seen[code] = true;
    }
  }
}

TEST(curve, consecutive_hilbert_cells_share_a_face) {
  for (const Curve curve : {Curve::kHilbert, Curve::kHilbertTrans}) {
    std::vector<Cell> path(16 * 16 * 16);
    for (const Cell& cell : all_cells(16)) path[curve_code(curve, cell, 4)] = cell;
    for (std::size_t i = 1; i < path.size(); ++i) {
      int distance = 0;
      for (std::size_t a = 0; a < 3; ++a) {
        distance += std::abs(static_cast<int>(path[i][a]) - static_cast<int>(path[i - 1][a]));
      }
      EXPECT_EQ(distance, 1) << i;
    }
  }
}

TEST(curve, a_coarser_grid_drops_three_bits) {
  Random random(2);
  for (int i = 0; i < 500; ++i) {
    const Cell cell = random_cell(random, 9);
    const Cell coarse{cell[0] / 2, cell[1] / 2, cell[2] / 2};
    for (const Curve curve : kCurves) {
      EXPECT_EQ(curve_code(curve, cell, 9) >> 3U, curve_code(curve, coarse, 8));
    }
  }
}

TEST(curve, many_codes_are_the_codes_of_each_for_any_thread_count) {
  Random random(3);
  std::vector<Cell> cells(20'000);
  for (Cell& cell : cells) cell = random_cell(random, 12);
  for (const Curve curve : kCurves) {
    for (const int threads : {1, 8}) {
      const ThreadLimit limit(threads);
      std::vector<std::uint64_t> codes(cells.size());
      curve_codes(curve, cells, 12, codes);
      for (std::size_t i = 0; i < cells.size(); ++i) {
        ASSERT_EQ(codes[i], curve_code(curve, cells[i], 12));
      }
    }
  }
}

}  // namespace
}  // namespace ptattn::test
