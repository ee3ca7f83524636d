// What ptattn-smooth makes of clouds that do not belong together, and of what clouds say of their
// labels.

#include <cmath>

#include "smooth_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

/// 20 x 20 labelled points a metre apart.
PointCloud labelled_field(double x = 0.0) {
  std::vector<std::array<double, 3>> points;
  std::vector<std::uint8_t> labels;
  for (int i = 0; i < 400; ++i) {
    points.push_back({x + i % 20, 1.0 * (i / 20), 0.0});
    labels.push_back(i % 20 < 10 ? 2 : 6);
  }
  PointCloud cloud = cloud_at(points);
  add_field(cloud, "class", labels);
  return cloud;
}

class SmoothOrigin : public Smooth {
 protected:
  [[nodiscard]] std::vector<std::string> transfer(const std::string& field = "class") const {
    return {path("in.ply"), "--transfer", field, "--from", path("known.ply")};
  }
};

TEST_F(SmoothOrigin, clouds_of_other_places_are_refused) {
  put("known.ply", labelled_field());
  put("in.ply", without(labelled_field(200'000.0), "class"));
  auto arguments = transfer();
  arguments.insert(arguments.end(), {"-o", path("out.ply")});
  expect_refused(arguments, 3,
                 path("in.ply") + ": no point lies within 12 of one of " + path("known.ply") +
                     ", which begins 199981 away, expected clouds of the same place");
}

TEST_F(SmoothOrigin, points_without_a_known_one_nearby_stay_unknown_and_are_counted) {
  put("known.ply", labelled_field());
  PointCloud in = cloud_at({{3.2, 3.2, 0}, {40, 3, 0}, {16.9, 5.1, 0}, {3, 3, 90}});
  put("in.ply", in);
  auto arguments = transfer();
  arguments.insert(arguments.end(), {"-o", path("out.ply")});
  const Finished finished = smooth(arguments);
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.err,
              HasSubstr("2 of 4 points have no known point within 12 and stay unknown\n"));
  const PointCloud after = get("out.ply");
  EXPECT_THAT(after.find("class")->values<std::uint8_t>(), ElementsAre(2, 0, 6, 0));
  const auto confidence = after.find("confidence")->values<float>();
  EXPECT_EQ(confidence[1], 0.0F);
  EXPECT_EQ(confidence[3], 0.0F);
  EXPECT_GT(confidence[0], 0.5F);
}

TEST_F(SmoothOrigin, thinned_clouds_with_gaps_reach_all_points) {
  const PointCloud full = labelled_field();
  std::vector<std::size_t> rows;  // every fourth scan line, densely
  for (std::size_t i = 0; i < 400; ++i) {
    if (i / 20 % 4 == 0) rows.push_back(i);
  }
  put("known.ply", chosen(full, rows));
  put("in.ply", without(full, "class"));
  const PointCloud after = smoothed(transfer());
  for (const std::uint8_t label : after.find("class")->values<std::uint8_t>()) EXPECT_NE(label, 0);
}

/// What ptattn-segment says of its labels.
const std::vector<std::string> kOrigin{"ptattn made by ptattn-segment 0.1.0",
                                       "ptattn model 0f aerial", "ptattn labels class class",
                                       "ptattn class 2 5 vegetation", "ptattn class 6 - shed"};

TEST_F(SmoothOrigin, what_labels_mean_is_carried_with_them) {
  PointCloud known = labelled_field();
  known.metadata().comments = kOrigin;
  put("known.ply", known);
  put("in.ply", without(labelled_field(), "class"));
  auto arguments = transfer();
  arguments.insert(arguments.end(), {"--field", "new"});
  EXPECT_THAT(smoothed(arguments).metadata().comments,
              IsSupersetOf({"ptattn labels new class", "ptattn class 2 5 vegetation",
                            "ptattn class 6 - shed", "ptattn option from=known.ply",
                            "ptattn field confidence share of the vote"}));
}

TEST_F(SmoothOrigin, labels_that_say_so_are_voted_on_though_they_are_floats) {
  PointCloud known = cloud_at({{0, 0, 0}, {1, 0, 0}});
  add_field<float>(known, "class", {2.0F, 6.0F});
  known.metadata().comments = kOrigin;
  put("known.ply", known);
  put("in.ply", cloud_at({{0.4, 0, 0}, {0.6, 0, 0}}));
  EXPECT_THAT(smoothed(transfer()).find("class")->values<float>(), ElementsAre(2.0F, 6.0F));
}

TEST_F(SmoothOrigin, labels_are_not_averaged) {
  PointCloud in = labelled_field();
  in.metadata().comments = kOrigin;
  put("in.ply", in);
  expect_refused({path("in.ply"), "--fields", "class", "-o", path("out.ply")}, 2,
                 "--fields: class holds labels, which have no mean");
}

TEST_F(SmoothOrigin, smoothing_keeps_what_was_said_and_adds_its_own) {
  PointCloud in = noisy_sheet(300);
  in.metadata().comments = kOrigin;
  put("in.ply", in);
  const auto comments = smoothed({path("in.ply"), "--iterations", "2"}).metadata().comments;
  EXPECT_THAT(comments, IsSupersetOf(kOrigin));
  EXPECT_THAT(comments, Contains(testing::StartsWith("ptattn made by ptattn-smooth ")));
  EXPECT_EQ(comments.back(), "ptattn option iterations=2");
}

}  // namespace
}  // namespace ptattn::test
