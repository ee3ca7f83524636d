// ptattn-smooth --transfer: labels and values from another cloud.

#include <limits>
#include <nlohmann/json.hpp>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/cloud/rows.hpp"
#include "smooth_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST_F(Smooth, labels_are_carried_over) {
  const PointCloud full = noisy_sheet(5000);
  const auto rows = random_rows(full.size(), 0.2);
  put("known.ply", chosen(full, rows));
  put("in.ply", without(full, "label"));
  const PointCloud after =
      smoothed({path("in.ply"), "--transfer", "label", "--from", path("known.ply")});
  EXPECT_THAT(names_of(after),
              ElementsAre("x", "y", "z", "intensity", "time", "label", "confidence"));
  for (const char* name : {"x", "y", "z", "intensity", "time"}) {
    expect_same_field(full, after, name);
  }
  const auto labels = after.find("label")->values<std::uint8_t>();
  const auto truth = full.find("label")->values<std::uint8_t>();
  std::size_t right = 0;
  for (std::size_t i = 0; i < full.size(); ++i) right += labels[i] == truth[i] ? 1 : 0;
  EXPECT_GT(right, 4900U);
  for (const std::size_t i : rows) EXPECT_EQ(labels[i], truth[i]) << "known points keep theirs";
  for (const float share : after.find("confidence")->values<float>()) {
    ASSERT_GT(share, 0.0F);
    ASSERT_LE(share, 1.0F);
  }
}

TEST_F(Smooth, numbers_are_averaged) {
  const PointCloud full = noisy_sheet(3000);
  put("known.ply", chosen(full, random_rows(full.size(), 0.3)));
  put("in.ply", without(full, "intensity"));
  const PointCloud after = smoothed({path("in.ply"), "--transfer", "intensity", "--numeric",
                                     "--from", path("known.ply"), "--field", "echo"});
  EXPECT_EQ(after.fields().back().name(), "echo") << "no confidence";
  EXPECT_EQ(after.find("echo")->type(), FieldType::kUInt16);
  double error = 0.0;
  for (std::size_t i = 0; i < full.size(); ++i) {
    const double off = after.find("echo")->as_double(i) - full.find("intensity")->as_double(i);
    error += off * off / 3000.0;
  }
  EXPECT_LT(std::sqrt(error), 35.0) << "the noise of 29 and little more";
}

TEST_F(Smooth, kind_of_a_field_follows_its_type) {
  PointCloud known = cloud_at({{0, 0, 0}, {1, 0, 0}});
  add_field<float>(known, "level", {1.0F, 2.0F});
  add_field<std::int32_t>(known, "class", {-5, 7});
  put("known.ply", known);
  put("in.ply", cloud_at({{0.5, 0, 0}, {0.9, 0, 0}}));
  const std::vector<std::string> start{
      path("in.ply"), "--from", path("known.ply"), "--bandwidth", "1",
      "--vertical",   "1",      "--transfer"};
  const auto with = [&](std::vector<std::string> rest) {
    rest.insert(rest.begin(), start.begin(), start.end());
    return smoothed(rest);
  };
  EXPECT_NEAR(with({"level"}).find("level")->as_double(0), 1.5, 1e-6);
  EXPECT_EQ(with({"level"}).find("confidence"), nullptr);
  EXPECT_EQ(with({"level", "--categorical"}).find("level")->as_double(1), 2.0);
  EXPECT_EQ(with({"class"}).find("class")->as_double(1), 7.0);
  EXPECT_EQ(with({"class", "--numeric"}).find("class")->as_double(0), 1.0);
}

TEST_F(Smooth, nobody_within_the_radius_is_unknown) {
  PointCloud known = cloud_at({{0, 0, 0}, {1, 0, 0}, {kNaN, 0, 0}});
  add_field<float>(known, "level", {1.0F, 3.0F, 99.0F});
  add_field<std::uint8_t>(known, "class", {4, 4, 9});
  put("known.ply", known);
  put("in.ply", cloud_at({{0.5, 0, 0}, {9, 0, 0}, {0, kNaN, 0}}));
  const std::vector<std::string> start{path("in.ply"), "--from", path("known.ply"),
                                       "--radius",     "1",      "--transfer"};
  const auto with = [&](std::vector<std::string> rest) {
    rest.insert(rest.begin(), start.begin(), start.end());
    return smoothed(rest);
  };
  const PointCloud classes = with({"class"});
  EXPECT_THAT(classes.find("class")->values<std::uint8_t>(), ElementsAre(4, 0, 0));
  EXPECT_THAT(classes.find("confidence")->values<float>(), ElementsAre(1.0F, 0.0F, 0.0F));
  EXPECT_THAT(with({"class", "--unknown", "255"}).find("class")->values<std::uint8_t>(),
              ElementsAre(4, 255, 255));
  const PointCloud levels = with({"level"});
  EXPECT_NEAR(levels.find("level")->as_double(0), 2.0, 1e-6);
  EXPECT_TRUE(std::isnan(levels.find("level")->as_double(1)));
  EXPECT_TRUE(std::isnan(levels.find("level")->as_double(2)));
}

TEST_F(Smooth, nothing_known_is_an_error) {
  PointCloud known(0);
  for (const char* name : {"x", "y", "z", "level"}) known.add(name, FieldType::kFloat32);
  put("known.ply", known);
  put("in.ply", cloud_at({{0, 0, 0}}));
  expect_refused(
      {path("in.ply"), "-o", path("out.ply"), "--transfer", "level", "--from", path("known.ply")},
      3, path("known.ply") + ": has no point with coordinates and a value to transfer");
  put("empty.ply", known);
  put("known.ply", noisy_sheet(10));
  put("none.ply", without(known, "level"));
  EXPECT_EQ(smoothed({path("none.ply"), "--transfer", "label", "--from", path("known.ply")}).size(),
            0U);
}

TEST_F(Smooth, transfer_reports_and_is_the_same_for_any_thread_count) {
  const PointCloud full = noisy_sheet(9000);
  put("known.ply", chosen(full, random_rows(full.size(), 0.1)));
  put("in.ply", without(full, "label"));
  std::vector<std::string> outputs;
  for (const char* threads : {"1", "2"}) {
    const Finished finished =
        smooth({path("in.ply"), "--transfer", "label", "--from", path("known.ply"), "--features",
                "intensity", "-o", path("out.ply"), "--threads", threads, "--format", "json",
                "--no-timing"});
    ASSERT_EQ(finished.exit_code, 0) << finished.err;
    outputs.push_back(finished.out + read_file(path("out.ply")));
    const auto record = nlohmann::json::parse(finished.out).at(0);
    EXPECT_EQ(record["kind"], "categorical");
    EXPECT_EQ(record["classes"], 2);
    EXPECT_GT(record["leave_one_out_right"], 0.9);
    EXPECT_TRUE(record["features"].contains("intensity"));
    EXPECT_EQ(record["unknown_points"], 0);
  }
  EXPECT_EQ(outputs[0], outputs[1]);
}

TEST_F(Smooth, labels_stored_as_real_numbers_are_voted_on) {
  PointCloud known = noisy_sheet(300);
  std::vector<float> labels(300);
  for (std::size_t i = 0; i < 300; ++i) labels[i] = i % 2 == 0 ? 2.0F : 5.0F;
  labels[7] = std::numeric_limits<float>::quiet_NaN();
  add_field(known, "scalar_Classification", labels);
  put("known.ply", known);
  put("full.ply", noisy_sheet(500));
  const PointCloud after = smoothed({path("full.ply"), "--transfer", "classification", "--from",
                                     path("known.ply"), "--field", "c"});
  for (const float label : after.find("c")->values<float>()) {
    EXPECT_TRUE(label == 2.0F || label == 5.0F) << label;
  }
  EXPECT_NE(after.find("confidence"), nullptr);
}

TEST_F(Smooth, heights_are_counted_along_the_axis_that_is_up) {
  const auto turned = [](Axis up, bool labelled) {
    const PointCloud coast = read_cloud(PTATTN_SOURCE_DIR "/samples/scenes/aerial_coast.ply");
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < coast.size(); i += labelled ? 10 : 3) rows.push_back(i);
    PointCloud cloud = take_points(coast, rows);
    const RawVector<Position> positions = cloud.positions();
    for (std::size_t i = 0; i < cloud.size(); ++i) {
      const Position p = turned_from_upright(positions[i], up);
      for (std::size_t axis = 0; axis < 3; ++axis) {
        cloud.find(std::string(1, "xyz"[axis]))->values<double>()[i] = p[axis];
      }
    }
    return cloud;
  };
  const auto carried = [&](Axis up, const std::vector<std::string>& options) {
    put("known.ply", turned(up, true));
    put("all.ply", turned(up, false));
    std::vector<std::string> arguments{
        path("all.ply"), "--transfer", "classification", "--from", path("known.ply"), "--field",
        "new",           "-o",         path("out.ply")};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Finished finished = smooth(arguments);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    const PointCloud out = get("out.ply");
    const auto labels = out.find("new")->values<std::uint8_t>();
    return std::pair(std::vector<std::uint8_t>(labels.begin(), labels.end()), finished.err);
  };
  const auto [upright, quiet] = carried(Axis::kZ, {});
  EXPECT_THAT(quiet, testing::Not(HasSubstr("up")));
  const auto [wrong, warned] = carried(Axis::kY, {"-q"});
  EXPECT_NE(wrong, upright);
  EXPECT_THAT(warned, HasSubstr("known.ply: seems to have y up instead of z, see --up y"));
  EXPECT_EQ(carried(Axis::kY, {"--up", "y", "-q"}), std::pair(upright, std::string()));
  const auto [found, told] = carried(Axis::kY, {"--up", "auto"});
  EXPECT_EQ(found, upright);
  EXPECT_THAT(told, HasSubstr("known.ply: taken with y up"));
}

}  // namespace
}  // namespace ptattn::test
