#include "ptattn/tasks/scene/field_statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <vector>

#include "ptattn/core/random.hpp"
#include "ptattn/tasks/scene/features.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"

namespace ptattn::test {
namespace {

std::vector<std::uint32_t> all_rows(const PointCloud& cloud) {
  std::vector<std::uint32_t> rows(cloud.size());
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

/// A cloud with one field of these intensities.
PointCloud with_intensities(const std::vector<float>& values) {
  PointCloud cloud(values.size());
  Field& field = cloud.add("intensity", FieldType::kFloat32);
  std::ranges::copy(values, field.values<float>().begin());
  return cloud;
}

FieldStatistics statistics_of(const std::vector<std::vector<float>>& pieces) {
  FieldCensus census;
  for (const auto& piece : pieces) {
    const PointCloud cloud = with_intensities(piece);
    census.add(cloud, all_rows(cloud));
  }
  return census.finish();
}

TEST(field_census, ranks_are_those_of_all_numbers_together) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const FieldStatistics found = statistics_of({{5, 1, 5}, {kNan, 2}, {5, 1}});
  const double low = -std::numeric_limits<double>::infinity();
  const Ranks expected({5, 1, 5, low, 2, 5, 1});
  for (const double x : {low, 1.0, 2.0, 5.0}) {
    EXPECT_EQ((*found.intensity_ranks)(x), expected(x)) << x;
  }
  EXPECT_EQ(found.largest_intensity, 5.0);
  EXPECT_TRUE(found.has_intensity);
  EXPECT_FALSE(found.has_returns);
}

TEST(field_census, a_field_varies_when_it_does_over_all_pieces) {
  EXPECT_FALSE(statistics_of({{7, 7}, {7}}).has_intensity);
  EXPECT_TRUE(statistics_of({{7, 7}, {8}}).has_intensity);
}

TEST(field_census, very_many_numbers_are_ranked_to_a_millionth) {
  std::vector<std::vector<float>> pieces(6);
  Random random(1);
  std::size_t n = 0;
  for (auto& piece : pieces) {
    for (int i = 0; i < 300'000; ++i) {
      piece.push_back(static_cast<float>(random.below(1U << 24U)));
      ++n;
    }
  }
  const FieldStatistics found = statistics_of(pieces);
  EXPECT_LE(found.intensity_ranks->numbers().size(), std::size_t{1} << 20U);
  EXPECT_EQ(found.intensity_ranks->firsts().back(), n);
  for (const double share : {0.0, 0.1, 0.5, 0.9, 0.999}) {
    EXPECT_NEAR((*found.intensity_ranks)(share * (1U << 24U)), share, 0.002) << share;
  }
}

TEST(field_census, numbers_between_those_known_have_a_rank) {
  const FieldStatistics found = statistics_of({{1, 2, 4}});
  EXPECT_EQ((*found.intensity_ranks)(3.0), (*found.intensity_ranks)(4.0));
  EXPECT_EQ((*found.intensity_ranks)(9.0), (*found.intensity_ranks)(4.0));
}

/// A slope of 60 x 20 metres with a box on it and intensities from left to right.
PointCloud slope() {
  Random random(9);
  constexpr std::size_t kPoints = 30'000;
  PointCloud cloud(kPoints);
  for (const char* const axis : {"x", "y", "z"}) cloud.add(axis, FieldType::kFloat64);
  Field& intensity = cloud.add("intensity", FieldType::kUInt16);
  for (std::size_t i = 0; i < kPoints; ++i) {
    const double x = static_cast<double>(random.below(60'000)) * 0.001;
    const double y = static_cast<double>(random.below(20'000)) * 0.001;
    const bool on_box = x > 20.0 && x < 26.0 && y > 5.0 && y < 12.0;
    cloud.find("x")->values<double>()[i] = x;
    cloud.find("y")->values<double>()[i] = y;
    cloud.find("z")->values<double>()[i] = 0.2 * x + (on_box ? 4.0 : 0.0);
    intensity.values<std::uint16_t>()[i] = static_cast<std::uint16_t>(x * 100.0);
  }
  return cloud;
}

PointCloud rows_of(const PointCloud& cloud, std::span<const std::size_t> rows) {
  PointCloud part(rows.size());
  for (const Field& field : cloud.fields()) {
    Field& to = part.add(field.name(), field.type());
    const std::size_t bytes = field.bytes_per_point();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::ranges::copy(field.bytes().subspan(rows[i] * bytes, bytes),
                        to.bytes().begin() + static_cast<std::ptrdiff_t>(i * bytes));
    }
  }
  return part;
}

/// The points with x below `limit`.
PointCloud left_of(const PointCloud& cloud, double limit) {
  std::vector<std::size_t> rows;
  const auto x = cloud.find("x")->values<double>();
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    if (x[i] < limit) rows.push_back(i);
  }
  return rows_of(cloud, rows);
}

TEST(prepared_part, has_the_voxels_and_channels_that_it_has_within_the_whole) {
  SceneProfile profile;
  profile.voxel = 0.5;
  profile.channels = {
      {ChannelKind::kOffset, 0},    {ChannelKind::kCount},         {ChannelKind::kSpread},
      {ChannelKind::kAbove, 17},    {ChannelKind::kBelow, 17},     {ChannelKind::kUnderTop, 3},
      {ChannelKind::kThickness, 1}, {ChannelKind::kVoxelCount, 2}, {ChannelKind::kIntensity},
      {ChannelKind::kHasIntensity}, {ChannelKind::kStrength},      {ChannelKind::kPlane, 2}};
  const PointCloud cloud = slope();
  const PreparedScene whole = prepare_scene(cloud, profile);
  FieldCensus census;
  census.add(cloud, all_rows(cloud));
  const WholeScene of_whole{{whole.voxels.origin, whole.voxels.extent}, census.finish()};
  const std::uint32_t reach = channel_reach(profile).columns;
  EXPECT_GE(reach, 17U);
  const PreparedScene part = prepare_part(left_of(cloud, 50.0), profile, of_whole);
  ASSERT_LT(part.size(), whole.size());
  std::size_t compared = 0;
  for (std::size_t v = 0; v < part.size(); ++v) {
    ASSERT_EQ(part.voxels.cells[v], whole.voxels.cells[v]);
    if (part.voxels.cells[v][0] + reach >= 100) continue;  // half metres
    ++compared;
    ASSERT_EQ(part.voxels.means[v], whole.voxels.means[v]);
    for (std::size_t c = 0; c < profile.channels.size(); ++c) {
      const bool is_plane = profile.channels[c].kind == ChannelKind::kPlane;
      ASSERT_NEAR(part.channels(v, c), whole.channels(v, c), is_plane ? 1e-3 : 1e-6)
          << "channel " << c << " of voxel " << v;
    }
  }
  EXPECT_GT(compared, 500U);
}

/// Leaves only the lowest point of every column of half a metre from x = `from` on.
PointCloud lowest_beyond(const PointCloud& cloud, const Position& origin, double from) {
  std::map<std::array<std::uint32_t, 2>, std::size_t> lowest;
  const RawVector<Position> positions = cloud.positions();
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const Position& p = positions[i];
    if (p[0] - origin[0] < from) {
      rows.push_back(i);
      continue;
    }
    const auto [at, is_new] = lowest.try_emplace(
        {voxel_index(p[0] - origin[0], 0.5), voxel_index(p[1] - origin[1], 0.5)}, i);
    if (p[2] < positions[at->second][2]) at->second = i;
  }
  for (const auto& [column, row] : lowest) rows.push_back(row);
  return rows_of(cloud, rows);
}

TEST(prepared_part, sees_no_more_of_far_columns_than_their_lowest_points) {
  SceneProfile profile;
  profile.voxel = 0.5;
  profile.channels = {{ChannelKind::kSpread},        {ChannelKind::kAbove, 17},
                      {ChannelKind::kBelow, 17},     {ChannelKind::kUnderTop, 3},
                      {ChannelKind::kThickness, 1},  {ChannelKind::kVertical, 2},
                      {ChannelKind::kVoxelCount, 2}, {ChannelKind::kPlane, 2}};
  const PointCloud cloud = slope();
  const PreparedScene whole = prepare_scene(cloud, profile);
  FieldCensus census;
  census.add(cloud, all_rows(cloud));
  const WholeScene of_whole{{whole.voxels.origin, whole.voxels.extent}, census.finish()};
  constexpr std::uint32_t kCore = 60;  // voxels
  const std::uint32_t near = kCore + channel_reach(profile).points;
  const PointCloud cut = lowest_beyond(cloud, whole.voxels.origin, 0.5 * near);
  ASSERT_LT(cut.size(), cloud.size());
  const PreparedScene all = prepare_part(cloud, profile, of_whole);
  const PreparedScene part = prepare_part(cut, profile, of_whole);
  std::size_t compared = 0;
  for (; part.voxels.cells[compared][0] < kCore; ++compared) {
    ASSERT_EQ(part.voxels.cells[compared], all.voxels.cells[compared]);
    for (std::size_t c = 0; c < profile.channels.size(); ++c) {
      ASSERT_NEAR(part.channels(compared, c), all.channels(compared, c), 1e-6)
          << "channel " << c << " of voxel " << compared;
    }
  }
  EXPECT_GT(compared, 500U);
}

TEST(prepared_part, holds_the_voxels_wanted_with_the_channels_that_they_have_among_all) {
  SceneProfile profile;
  profile.voxel = 0.5;
  profile.channels = {{ChannelKind::kOffset, 0},     {ChannelKind::kCount},
                      {ChannelKind::kAbove, 17},     {ChannelKind::kThickness, 1},
                      {ChannelKind::kVoxelCount, 2}, {ChannelKind::kIntensity},
                      {ChannelKind::kPlane, 2}};
  const PointCloud cloud = slope();
  const PreparedScene scene = prepare_scene(cloud, profile);
  FieldCensus census;
  census.add(cloud, all_rows(cloud));
  const WholeScene of_whole{{scene.voxels.origin, scene.voxels.extent}, census.finish()};
  const PreparedScene all = prepare_part(cloud, profile, of_whole);
  std::vector<std::size_t> rows;
  for (std::size_t v = 100; v < all.size(); ++v) {
    if (v % 50 < 20) rows.push_back(v);
  }
  const PreparedScene some = prepare_part(cloud, profile, of_whole, [&](const SceneVoxels& voxels) {
    std::vector<VoxelRun> runs;
    EXPECT_EQ(voxels.size(), all.size());
    for (const std::size_t v : rows) {
      if (runs.empty() || runs.back().end != v) runs.push_back({v, v});
      ++runs.back().end;
    }
    return runs;
  });
  ASSERT_EQ(some.size(), rows.size());
  ASSERT_EQ(some.channels.rows(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(some.voxels.cells[i], all.voxels.cells[rows[i]]);
    ASSERT_EQ(some.voxels.means[i], all.voxels.means[rows[i]]);
    ASSERT_EQ(some.voxels.members(i).size(), all.voxels.members(rows[i]).size());
    for (std::size_t m = 0; m < some.voxels.members(i).size(); ++m) {
      const std::uint32_t mine = some.voxels.members(i)[m];
      const std::uint32_t other = all.voxels.members(rows[i])[m];
      ASSERT_EQ(some.voxels.points[mine], all.voxels.points[other]);
      ASSERT_EQ(some.voxels.positions[mine], all.voxels.positions[other]);
    }
    for (std::size_t c = 0; c < profile.channels.size(); ++c) {
      ASSERT_EQ(some.channels(i, c), all.channels(rows[i], c)) << "channel " << c << " of " << i;
    }
  }
  const PreparedScene none = prepare_part(
      cloud, profile, of_whole, [](const SceneVoxels&) { return std::vector<VoxelRun>(); });
  EXPECT_EQ(none.size(), 0U);
}

}  // namespace
}  // namespace ptattn::test
