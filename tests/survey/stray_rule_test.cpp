#include "ptattn/survey/stray_rule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

double uniform(Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random.below(1U << 30U)) / (1U << 30U);
}

std::vector<Position> landscape(Random& random, std::size_t points) {
  std::vector<Position> positions;
  for (std::size_t i = 0; i < points; ++i) {
    positions.push_back({uniform(random, 1000.0, 1400.0), uniform(random, 5000.0, 5300.0),
                         uniform(random, 90.0, 130.0)});
  }
  return positions;
}

/// What a first pass finds, every s-th point as find_strays takes them.
StraySample sample_of(const std::vector<Position>& positions) {
  StraySample sample{.finite = positions.size()};
  const std::size_t step = (positions.size() + kStraySample - 1) / kStraySample;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (i % step == 0) sample.positions.push_back(positions[i]);
    const double distance = std::hypot(positions[i][0], positions[i][1], positions[i][2]);
    if (distance == 0.0) ++sample.zeros;
    if (distance > 0.0) sample.nearest = std::min(sample.nearest, distance);
  }
  return sample;
}

/// The rows that are stray by the rule found piece by piece.
std::vector<std::uint32_t> strays_by_pieces(const std::vector<Position>& positions,
                                            std::size_t piece, PositionBounds& bounds) {
  StrayCensus census(sample_of(positions));
  const std::span<const Position> all(positions);
  for (std::size_t begin = 0; begin < all.size(); begin += piece) {
    census.add(all.subspan(begin, std::min(piece, all.size() - begin)));
  }
  const StrayRule rule = census.rule();
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (rule.is_stray(all[i])) rows.push_back(i);
  }
  bounds = census.bounds();
  const auto [far, zeros] = census.strays();
  EXPECT_EQ(far + zeros, rows.size());
  return rows;
}

void expect_same(const std::vector<Position>& positions) {
  const Strays expected = find_strays(positions, Subject::kScene);
  std::vector<Position> others = positions;
  drop_strays(others, expected);
  const PositionBounds expected_bounds = bounds_of(others);
  for (const std::size_t piece : {1000U, 7777U, 1000000U}) {
    PositionBounds bounds;
    EXPECT_EQ(strays_by_pieces(positions, piece, bounds), expected.rows);
    EXPECT_EQ(bounds.low, expected_bounds.low);
    EXPECT_EQ(bounds.high, expected_bounds.high);
  }
}

TEST(stray_rule, finds_none_where_there_are_none) {
  Random random(1);
  expect_same(landscape(random, 5000));
}

TEST(stray_rule, finds_those_that_the_whole_finds) {
  Random random(2);
  std::size_t found = 0;
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    std::vector<Position> positions = landscape(random, 3000 + random.below(30000));
    const std::size_t odd = random.below(6);
    for (std::size_t i = 0; i < odd; ++i) {
      Position& p = positions[random.below(positions.size())];
      const double reach = std::pow(10.0, uniform(random, 1.0, 5.0));
      switch (random.below(4)) {
        case 0:
          p[0] += reach;
          break;
        case 1:
          p[1] -= reach;
          break;
        case 2:
          p[2] += reach;
          break;
        default:
          p = {0.0, 0.0, 0.0};
      }
    }
    found += find_strays(positions, Subject::kScene).rows.size();
    expect_same(positions);
  }
  EXPECT_GT(found, 50U) << "the clouds have strays";
}

TEST(stray_rule, many_far_points_are_no_strays) {
  Random random(3);
  std::vector<Position> positions = landscape(random, 5000);
  for (std::size_t i = 0; i < 90; ++i) positions[50 * i][0] += 1e5;  // 1.8 %
  ASSERT_TRUE(find_strays(positions, Subject::kScene).empty());
  expect_same(positions);
}

TEST(stray_rule, same_for_any_thread_count) {
  Random random(4);
  std::vector<Position> positions = landscape(random, 300000);
  positions[5][2] = 9000.0;
  positions[77][0] = -1e6;
  std::vector<std::vector<std::uint32_t>> rows;
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    PositionBounds bounds;
    rows.push_back(strays_by_pieces(positions, 200000, bounds));
  }
  EXPECT_EQ(rows[0], (std::vector<std::uint32_t>{5, 77}));
  EXPECT_EQ(rows[1], rows[0]);
}

}  // namespace
}  // namespace ptattn::test
