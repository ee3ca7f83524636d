#include "ptattn/survey/point_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "../io/temp_folder.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/survey/lowest_points.hpp"

namespace ptattn::test {
namespace {

/// A cloud of 100 x 100 metres with two fields, in squares of 64 voxels of half a metre.
class PointStores : public testing::Test {
 protected:
  PointStores() : cloud_(kPoints), grid_{.voxel = 0.5, .edge = 64, .rows = 4, .cols = 4} {
    grid_.box = {{10.0, 20.0, 0.0}, {100.0, 100.0, 1.0}};
    Random random(7);
    cloud_.add("tag", FieldType::kUInt32);
    cloud_.add("pair", FieldType::kFloat32, 2);
    Field& tag = *cloud_.find("tag");
    Field& pair = *cloud_.find("pair");
    for (std::size_t i = 0; i < kPoints; ++i) {
      positions_.push_back({10.0 + 0.001 * static_cast<double>(random.below(100'000)),
                            20.0 + 0.001 * static_cast<double>(random.below(100'000)), 0.5});
      rows_.push_back(static_cast<std::uint32_t>(i));
      squares_.push_back(grid_.square_of(positions_.back()));
      tag.values<std::uint32_t>()[i] = static_cast<std::uint32_t>(i);
      pair.values<float>()[2 * i + 1] = static_cast<float>(i) + 0.5F;
    }
  }

  /// Written in pieces, with so little memory for what waits.
  [[nodiscard]] PointStore store(std::size_t memory) const {
    const PointLayout layout{{{"tag", FieldType::kUInt32, 1}, {"pair", FieldType::kFloat32, 2}}};
    PointStoreWriter writer(folder_ / "points", layout, grid_.size(), memory);
    for (std::size_t begin = 0; begin < kPoints; begin += 700) {
      const std::size_t count = std::min<std::size_t>(700, kPoints - begin);
      writer.add(cloud_, std::span(rows_).subspan(begin, count),
                 std::span(positions_).subspan(begin, count),
                 std::span(squares_).subspan(begin, count));
    }
    return {folder_ / "points", layout, grid_.size(), writer.finish()};
  }

  static constexpr std::size_t kPoints = 5000;
  TempFolder folder_;
  PointCloud cloud_;
  SurveyGrid grid_;
  std::vector<Position> positions_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> squares_;
};

TEST_F(PointStores, give_the_points_of_a_square_back_in_their_order) {
  for (const std::size_t memory : {1U, 100'000U, 100'000'000U}) {
    const PointStore points = store(memory);
    std::size_t seen = 0;
    for (std::uint32_t square = 0; square < grid_.size(); ++square) {
      const std::array<PointRegion, 1> region{{{points, grid_.square_box(square)}}};
      const PointCloud own = read_points(region, grid_);
      ASSERT_EQ(own.size(), points.points_of(square));
      seen += own.size();
      std::vector<std::uint32_t> expected;
      for (std::uint32_t i = 0; i < kPoints; ++i) {
        if (squares_[i] == square) expected.push_back(i);
      }
      EXPECT_THAT(own.find("tag")->values<std::uint32_t>(), testing::ElementsAreArray(expected));
      for (std::size_t i = 0; i < own.size(); ++i) {
        const Position& p = positions_[expected[i]];
        ASSERT_EQ(own.positions()[i], p);
        ASSERT_EQ(own.find("pair")->values<float>()[2 * i + 1],
                  static_cast<float>(expected[i]) + 0.5F);
      }
      EXPECT_EQ(points.positions_of(square).size(), own.size());
    }
    EXPECT_EQ(seen, kPoints);
  }
}

TEST_F(PointStores, regions_hold_what_lies_within_and_not_without) {
  const PointStore points = store(100'000);
  const TileBox core = grid_.square_box(5);
  const TileBox seen{{54, 54}, {138, 138}};  // ten voxels around square 5
  const std::array<PointRegion, 2> regions{{{points, core}, {points, seen, core}}};
  std::vector<PointCloud> clouds;
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    clouds.push_back(read_points(regions, grid_));
  }
  EXPECT_TRUE(identical(clouds[0], clouds[1]));
  std::size_t inside = 0;
  for (const Position& p : positions_) {
    const auto [i, j] = grid_.voxel_of(p);
    inside += seen.holds(i, j) ? 1 : 0;
  }
  EXPECT_EQ(clouds[0].size(), inside);
  EXPECT_GT(inside, points.points_of(5));
  const auto tags = clouds[0].find("tag")->values<std::uint32_t>();
  for (std::size_t i = 0; i < tags.size(); ++i) {
    EXPECT_EQ(squares_[tags[i]] == 5U, i < points.points_of(5));
  }
  EXPECT_EQ(std::set(tags.begin(), tags.end()).size(), inside);
}

TEST_F(PointStores, the_lowest_points_of_columns_are_kept_apart) {
  Random random(11);
  std::map<std::array<std::uint32_t, 2>, double> lowest;
  for (std::size_t i = 0; i < kPoints; ++i) {
    Position& p = positions_[i];  // many to a column
    for (const std::size_t axis : {0U, 1U}) {
      p[axis] = grid_.box.origin[axis] + std::floor(p[axis] - grid_.box.origin[axis]) / 8.0;
    }
    p[2] = 0.001 * static_cast<double>(random.below(10'000));
    squares_[i] = grid_.square_of(p);
    const auto [at, is_new] = lowest.try_emplace(grid_.voxel_of(p), p[2]);
    at->second = std::min(at->second, p[2]);
  }
  const PointStore points = store(1000);
  std::vector<std::string> files;
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    auto chunks = write_lowest_points(points, grid_, folder_ / "lowest");
    ASSERT_FALSE(chunks.empty());
    files.push_back(contents(folder_ / "lowest"));
    const PointStore low(folder_ / "lowest", points.layout(), grid_.size(), std::move(chunks));
    const std::array<PointRegion, 1> all{{{low, {{0, 0}, {256, 256}}}}};
    const PointCloud cloud = read_points(all, grid_);
    ASSERT_EQ(cloud.size(), lowest.size());
    for (const Position& p : cloud.positions()) EXPECT_EQ(lowest.at(grid_.voxel_of(p)), p[2]);
  }
  EXPECT_EQ(files[0], files[1]);
}

TEST_F(PointStores, of_sparse_points_the_lowest_are_not_kept_apart) {
  EXPECT_TRUE(write_lowest_points(store(1000), grid_, folder_ / "lowest").empty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "lowest"));
}

}  // namespace
}  // namespace ptattn::test
