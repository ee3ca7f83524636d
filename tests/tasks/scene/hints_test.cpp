#include "ptattn/tasks/scene/hints.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <tuple>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/tasks/geometry/float_step.hpp"
#include "ptattn/tasks/scene/voxels.hpp"
#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SceneProfile profile_of(double voxel, double min_density = 0.0) {
  SceneProfile profile;
  profile.voxel = voxel;
  profile.min_density = min_density;
  profile.channels = {{ChannelKind::kCount}};
  return profile;
}

std::vector<std::string> lines_of(const PointCloud& cloud, const SceneProfile& profile) {
  std::vector<std::string> lines;
  for (const Hint& hint : scene_hints(cloud, voxelize(cloud, profile), profile)) {
    lines.push_back(hint.code + ": " + hint.text);
  }
  return lines;
}

/// Of 20 x 20 points, so many voxels apart along x and along y.
std::vector<std::string> hints_of_grid(double along_x, double along_y) {
  std::vector<Position> points;
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 20; ++j) {
      points.push_back({along_x * i + 0.25, along_y * j + 0.25, 0.001 * (j % 2)});
    }
  }
  return lines_of(cloud_of(points), profile_of(1.0));
}

/// A village: 100 m x 80 m of ground with houses and trees, 4 points a square metre, on the
/// millimetre. `scale` and `up` say how it is written down.
PointCloud village(double scale = 1.0, Axis up = Axis::kZ, std::size_t points = 32'000) {
  Random random(4);
  std::vector<Position> all;
  for (std::size_t i = 0; i < points; ++i) {
    const double x = 100.0 * random.uniform();
    const double y = 80.0 * random.uniform();
    double z = 0.02 * x + 0.05 * random.uniform();
    const bool house = std::fmod(x, 25.0) < 10.0 && std::fmod(y, 20.0) < 8.0;
    const bool tree = std::hypot(std::fmod(x, 25.0) - 18.0, std::fmod(y, 20.0) - 14.0) < 4.0;
    if (house) z += 6.0 + 0.3 * std::fmod(x, 25.0);
    if (tree && random.uniform() < 0.7) z += 12.0 * random.uniform();
    Position p{x, y, z};
    for (double& v : p) v = std::round(v * 1000.0) / 1000.0 * scale;
    all.push_back(turned_from_upright(p, up));
  }
  return cloud_of(all);
}

TEST(scene_hints, say_nothing_about_a_village) {
  EXPECT_THAT(lines_of(village(), profile_of(0.5, 0.3)), IsEmpty());
}

TEST(scene_hints, tell_that_a_dimension_is_missing) {
  Random random(11);
  std::vector<Position> all;
  for (std::size_t i = 0; i < 3200; ++i) {
    all.push_back({100.0 * random.uniform(), 80.0 * random.uniform(), 7.0});
  }
  EXPECT_THAT(lines_of(cloud_of(all), profile_of(0.5)),
              testing::Contains("flat: all points have the same z: is a dimension missing?"));
}

TEST(scene_hints, tell_which_axis_is_up) {
  for (const Axis up : {Axis::kY, Axis::kX, Axis::kMinusX, Axis::kMinusY, Axis::kMinusZ}) {
    const std::string name(name_of(up));
    EXPECT_THAT(lines_of(village(1.0, up), profile_of(0.5)),
                ElementsAre(HasSubstr("up: seems to have " + name + " up")));
  }
}

TEST(scene_hints, do_not_take_a_forest_whose_ground_is_seldom_hit_for_one_upside_down) {
  Random random(11);
  std::vector<Position> all;
  for (std::size_t i = 0; i < 3200; ++i) {
    const double kind = random.uniform();
    const double z = kind < 0.25  ? 0.05 * random.uniform()         // ground
                     : kind < 0.4 ? 5.0 + 10.0 * random.uniform()   // branches
                                  : 15.0 + 0.3 * random.uniform();  // an even canopy
    all.push_back({100.0 * random.uniform(), 80.0 * random.uniform(), z});
  }
  EXPECT_THAT(lines_of(cloud_of(all), profile_of(0.5)), IsEmpty());
  for (Position& p : all) p[2] = -p[2];
  EXPECT_THAT(lines_of(cloud_of(all), profile_of(0.5)), IsEmpty()) << "nor tell it";
}

TEST(scene_hints, do_not_call_scattered_plots_tilted_ground) {
  Random random(12);
  std::vector<Position> all;
  for (const auto& [x, y, z] : {Position{0, 0, 0}, {400, 30, 60}, {60, 500, 10}, {450, 480, 75}}) {
    for (int i = 0; i < 1000; ++i) {
      all.push_back({x + 40.0 * random.uniform(), y + 40.0 * random.uniform(),
                     z + 15.0 * random.uniform() * random.uniform()});
    }
  }
  EXPECT_THAT(lines_of(cloud_of(all), profile_of(0.5)), IsEmpty());
}

TEST(scene_hints, tell_feet_of_converted_coordinates) {
  for (const double feet : {1.0 / 0.3048, 3.28084, 3937.0 / 1200.0, 3.28}) {
    EXPECT_THAT(lines_of(village(feet), profile_of(0.5)),
                ElementsAre(HasSubstr("unit: coordinates seem to be feet, see --unit ft")))
        << feet;
  }
}

TEST(scene_hints, tell_the_unit_of_the_reference_system) {
  PointCloud cloud = village();
  auto las = std::make_shared<LasMetadata>();
  LasRecord record;
  std::memcpy(record.user_id.data(), "LASF_Projection", 15);
  record.record_id = 34735;
  for (const int number : {1, 0, 1, 0, 0, 0, 1, 0, 4, 12, 0, 0, 1, 0, 43, 35}) {
    record.data.push_back(static_cast<std::byte>(number));
  }
  las->records.push_back(record);
  cloud.metadata().las = las;
  EXPECT_THAT(lines_of(cloud, profile_of(0.5)),
              ElementsAre(HasSubstr("unit: coordinates seem to be US survey feet")));
}

TEST(scene_hints, tell_heights_that_nothing_has_in_metres) {
  EXPECT_THAT(lines_of(village(1000.0), profile_of(500.0)),
              ElementsAre(HasSubstr("unit: coordinates seem to be mm, see --unit mm")));
  EXPECT_THAT(lines_of(village(100.0), profile_of(50.0)),
              ElementsAre(HasSubstr("unit: coordinates seem to be cm")));
}

TEST(scene_hints, tell_tilted_ground) {
  PointCloud cloud = village();
  auto y = cloud.find("y")->values<double>();
  auto z = cloud.find("z")->values<double>();
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    const double a = 0.35;  // 20 degrees
    const double v = y[i];
    y[i] = std::cos(a) * v - std::sin(a) * z[i];
    z[i] = std::sin(a) * v + std::cos(a) * z[i];
  }
  EXPECT_THAT(lines_of(cloud, profile_of(0.5)),
              ElementsAre(HasSubstr("tilt: has ground tilted by 20 degrees")));
}

TEST(scene_hints, tell_clouds_that_are_thinner_than_what_the_model_was_made_for) {
  EXPECT_THAT(lines_of(village(1.0, Axis::kZ, 1000), profile_of(0.5, 0.3)),
              ElementsAre(HasSubstr("density: has 0.1")));
  EXPECT_THAT(lines_of(village(1.0, Axis::kZ, 3000), profile_of(0.5, 0.3)), IsEmpty());
}

TEST(scene_hints, tell_an_object) {
  EXPECT_THAT(lines_of(cloud_of([] {
                         std::vector<Position> points;
                         Random random(2);
                         for (int i = 0; i < 5000; ++i) {
                           points.push_back({20 * random.uniform(), 20 * random.uniform(),
                                             20 * random.uniform()});
                         }
                         return points;
                       }()),
                       profile_of(0.5)),
              ElementsAre(HasSubstr("object: is not flat along any axis")));
}

TEST(scene_hints, tell_coarse_coordinates_however_they_are_stored) {
  PointCloud cloud = village();
  for (double& x : cloud.find("y")->values<double>()) {
    x = static_cast<double>(static_cast<float>(x + 6'280'000.0));
  }
  EXPECT_THAT(lines_of(cloud, profile_of(0.5)),
              ElementsAre(HasSubstr("float: coordinates are float numbers with steps of 0.5")));
}

TEST(scene_hints, tell_points_that_lie_far_apart) {
  EXPECT_THAT(hints_of_grid(1, 1), IsEmpty());
  EXPECT_THAT(hints_of_grid(16, 16), IsEmpty());
  EXPECT_THAT(hints_of_grid(17, 17), ElementsAre(HasSubstr("farther apart than 16 m")));
}

TEST(scene_hints, the_nearest_voxel_need_not_be_the_next_of_the_order) {
  EXPECT_THAT(hints_of_grid(1, 100), IsEmpty());  // ordered by x, then by y
  EXPECT_THAT(hints_of_grid(100, 1), IsEmpty());
}

TEST(scene_hints, tell_a_cloud_of_few_voxels) {
  EXPECT_THAT(hints_of_grid(0.5, 0.5), ElementsAre(HasSubstr("reaches over 10")));
}

TEST(scene_hints, of_return_numbers_that_cannot_be) {
  PointCloud cloud = village();
  const auto number = cloud.add("return_number", FieldType::kUInt8).values<std::uint8_t>();
  const auto total = cloud.add("number_of_returns", FieldType::kUInt8).values<std::uint8_t>();
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    total[i] = i % 5 == 0 ? 2 : 1;
    number[i] = i % 10 == 0 ? 2 : 1;
  }
  SceneProfile profile = profile_of(0.5);
  EXPECT_THAT(lines_of(cloud, profile), IsEmpty());
  profile.channels.push_back({ChannelKind::kLast});
  EXPECT_THAT(lines_of(cloud, profile), IsEmpty());
  std::ranges::swap_ranges(number, total);
  EXPECT_THAT(lines_of(cloud, profile),
              ElementsAre("returns: 10 % of the points have a return number above their number of "
                          "returns, are the two swapped?"));
  profile.channels.pop_back();
  EXPECT_THAT(lines_of(cloud, profile), IsEmpty()) << "a model that does not look at them";
}

TEST(frame_hints, need_no_model) {
  for (const auto& [scale, up, code] :
       {std::tuple{1.0, Axis::kZ, ""}, std::tuple{1.0 / 0.3048, Axis::kZ, "unit"},
        std::tuple{1.0, Axis::kMinusY, "up"}}) {
    const PointCloud cloud = village(scale, up);
    const std::vector<Hint> hints = frame_hints(cloud, cloud.positions());
    ASSERT_EQ(hints.size(), *code == '\0' ? 0U : 1U);
    if (!hints.empty()) {
      EXPECT_EQ(hints.front().code, code);
    }
  }
}

TEST(scene_hints, of_a_scene_for_a_model_of_objects) {
  SceneProfile profile = profile_of(0.02);
  profile.frame = Frame::kObject;
  PointCloud cloud = village();
  cloud.add("return_number", FieldType::kUInt8);
  EXPECT_THAT(lines_of(cloud, profile),
              ElementsAre("scene: looks like a scene, not like one object, whose parts the model "
                          "labels"));
}

TEST(float_hint, of_points_that_coincide) {
  const PointCloud cloud = cloud_of(std::vector<Position>(200, Position{5, 5, 5}));
  const auto hint = float_hint(cloud, cloud.positions());
  ASSERT_TRUE(hint);
  EXPECT_EQ(hint->text, "all points coincide");
}

}  // namespace
}  // namespace ptattn::test
