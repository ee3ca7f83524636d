#include "ptattn/tasks/segment/grid_turn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

SceneProfile profile_of(std::vector<Channel> channels, Origin origin = Origin::kCenterBottom) {
  SceneProfile profile;
  profile.voxel = 0.5;
  profile.origin = origin;
  profile.channels = std::move(channels);
  return profile;
}

GridTurn turn_of(std::span<const Cell> cells, std::size_t quarters,
                 const SceneProfile& profile = profile_of({}), std::uint32_t alignment = 4) {
  return {bounding_box(cells), profile, quarters, alignment, "model"};
}

// 6 x 3 voxels: 8 x 4 in units of 4.
const std::vector<Cell> kCells = {{0, 0, 0}, {5, 1, 7}, {4, 2, 9}};

TEST(grid_turn, cells_turn_counter_clockwise_inside_whole_units) {
  EXPECT_THAT(turn_of(kCells, 0)(kCells), ElementsAre(kCells[0], kCells[1], kCells[2]));
  EXPECT_THAT(turn_of(kCells, 1)(kCells), ElementsAre(Cell{3, 0, 0}, Cell{2, 5, 7}, Cell{1, 4, 9}));
  EXPECT_THAT(turn_of(kCells, 2)(kCells), ElementsAre(Cell{7, 3, 0}, Cell{2, 2, 7}, Cell{3, 1, 9}));
  EXPECT_THAT(turn_of(kCells, 3)(kCells), ElementsAre(Cell{0, 7, 0}, Cell{1, 2, 7}, Cell{2, 3, 9}));
}

TEST(grid_turn, two_turns_are_one_of_twice_the_angle) {
  for (std::size_t a = 0; a < kQuarterTurns; ++a) {
    for (std::size_t b = 0; b < kQuarterTurns; ++b) {
      const std::vector<Cell> corners = {{0, 0, 0}, {7, 3, 0}, {5, 1, 2}};
      const std::vector<Cell> once = turn_of(corners, a)(corners);
      EXPECT_EQ(turn_of(once, b)(once), turn_of(corners, (a + b) % kQuarterTurns)(corners));
    }
  }
}

TEST(grid_turn, the_largest_scene_stays_inside_the_grid) {
  const std::vector<Cell> cells = {{65'530, 0, 0}, {0, 65'534, 0}};
  for (std::size_t quarters = 0; quarters < kQuarterTurns; ++quarters) {
    for (const Cell& cell : turn_of(cells, quarters, profile_of({}), 16)(cells)) {
      EXPECT_LE(std::max(cell[0], cell[1]), 65'534U);
    }
  }
}

/// The one row of a matrix after its turn.
std::vector<float> turned(std::vector<float> row, const GridTurn& turn) {
  turn.turn_channels({row.data(), 1, row.size(), row.size()});
  return row;
}

TEST(grid_turn, channels_of_x_and_y_turn_along_and_the_others_stay) {
  const SceneProfile profile = profile_of({{ChannelKind::kCount},
                                           {ChannelKind::kPosition, 0},
                                           {ChannelKind::kPosition, 1},
                                           {ChannelKind::kPosition, 2},
                                           {ChannelKind::kNormal, 1},
                                           {ChannelKind::kNormal, 0},
                                           {ChannelKind::kOffset, 0},
                                           {ChannelKind::kOffset, 1}});
  const std::vector<float> row = {9, 1, 2, 3, 5, 4, 6, 7};
  const auto seen_from = [&](std::size_t quarters) {
    return turned(row, turn_of(kCells, quarters, profile));
  };
  EXPECT_EQ(seen_from(0), row);
  EXPECT_THAT(seen_from(1), ElementsAre(9, -2, 1, 3, 4, -5, -7, 6));
  EXPECT_THAT(seen_from(2), ElementsAre(9, -1, -2, 3, -5, -4, -6, -7));
  EXPECT_THAT(seen_from(3), ElementsAre(9, 2, -1, 3, -4, 5, 7, -6));
}

TEST(grid_turn, coordinates_from_the_minimum_stay_positive) {
  const std::vector<Channel> axes = {{ChannelKind::kPosition, 0}, {ChannelKind::kPosition, 1}};
  const GridTurn turn = turn_of(kCells, 1, profile_of(axes, Origin::kMinimum));
  EXPECT_THAT(turned({2.75F, 0.5F}, turn), ElementsAre(1.5F, 2.75F));  // Y = 4 voxels of 0.5
  std::vector<float> position = {2.75F, 0.5F, 8.0F};
  turn.turn_positions({position.data(), 1, 3, 3});
  EXPECT_THAT(position, ElementsAre(1.5F, 2.75F, 8.0F));
}

TEST(grid_turn, a_channel_of_x_alone_can_only_be_reversed) {
  const SceneProfile profile = profile_of({{ChannelKind::kNormal, 0}});
  EXPECT_THAT(turned({3.0F}, turn_of(kCells, 2, profile)), ElementsAre(-3.0F));
  for (const std::size_t quarters : {1U, 3U}) {
    EXPECT_THROW((void)turn_of(kCells, quarters, profile), Error);
  }
}

}  // namespace
}  // namespace ptattn::test
