#include "ptattn/tasks/classify/classify.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <utility>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

/// Logits that can be worked out by hand from what the network is shown.
class FakeNetwork final : public Classifier {
 public:
  using Function = std::function<std::vector<float>(MatrixView)>;
  FakeNetwork(std::size_t classes, Function function)
      : classes_(classes), function_(std::move(function)) {}
  std::size_t class_count() const override { return classes_; }
  Matrix logits(MatrixView points, const Trace& /*trace*/) const override {
    const std::vector<float> scores = function_(points);
    Matrix out(1, classes_);
    std::copy(scores.begin(), scores.end(), out.data());
    return out;
  }

 private:
  std::size_t classes_;
  Function function_;
};

ClassifierModel model_of(std::size_t classes, FakeNetwork::Function function) {
  ClassifierModel model;
  model.description.name = "fake";
  model.description.classes.resize(classes, "class");
  model.network = std::make_unique<FakeNetwork>(classes, std::move(function));
  return model;
}

/// Sums that depend on every coordinate, scaled so that probabilities are far from 0 and 1.
std::vector<float> moments(MatrixView points) {
  double m[3] = {};
  for (std::size_t i = 0; i < points.rows; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double v = points(i, axis);
      m[axis] += v * v + v * v * v;
    }
  }
  const double scale = 3.0 / static_cast<double>(points.rows);
  return {static_cast<float>(scale * m[0]), static_cast<float>(scale * m[1]),
          static_cast<float>(scale * m[2])};
}

TEST(classify, is_the_softmax_of_the_logits) {
  const auto model = model_of(2, [](MatrixView) {
    return std::vector<float>{100.0F, 100.0F + std::log(3.0F)};
  });
  const Classification result = classify(model, cloud_of(lopsided_points(200)));
  EXPECT_THAT(result.probabilities, ElementsAre(DoubleNear(0.25, 1e-6), DoubleNear(0.75, 1e-6)));
  EXPECT_EQ(result.up, Axis::kZ);
}

TEST(classify, votes_average_probabilities) {
  // The plain vote says (1/2, 1/2), the one turned by half a circle (1/4, 3/4).
  const std::vector<Position> points = lopsided_points(1024);
  const auto model = model_of(2, [](MatrixView p) {
    double cubes = 0;
    for (std::size_t i = 0; i < p.rows; ++i) cubes += std::pow(p(i, 0), 3);
    return std::vector<float>{0.0F, cubes < 0 ? 0.0F : std::log(3.0F)};
  });
  const Classification plain = classify(model, cloud_of(points));
  EXPECT_THAT(plain.probabilities, ElementsAre(DoubleNear(0.5, 1e-6), DoubleNear(0.5, 1e-6)));
  const Classification both = classify(model, cloud_of(points), {.votes = 2});
  EXPECT_THAT(both.probabilities, ElementsAre(DoubleNear(0.375, 1e-6), DoubleNear(0.625, 1e-6)));
}

TEST(classify, unit_offset_and_invalid_points_do_not_matter) {
  const auto model = model_of(3, moments);
  std::vector<Position> points = lopsided_points(3000);
  const Classification expected = classify(model, cloud_of(points));
  for (Position& p : points) p = {1000 * p[0] + 1e6, 1000 * p[1] + 1e6, 1000 * p[2] + 1e6};
  points.insert(points.begin() + 7, {0, std::numeric_limits<double>::quiet_NaN(), 0});
  points.insert(points.begin(), {std::numeric_limits<double>::infinity(), 0, 0});
  const Classification result = classify(model, cloud_of(points));
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(result.probabilities[c], expected.probabilities[c], 1e-5);
  }
}

TEST(classify, up_undoes_a_rotation_exactly) {
  const auto model = model_of(3, moments);
  const std::vector<Position> points = lopsided_points(2000);
  const auto expected = classify(model, cloud_of(points)).probabilities;
  std::vector<Position> y_up = points;
  for (Position& p : y_up) p = {p[0], p[2], -p[1]};
  std::vector<Position> x_up = points;
  for (Position& p : x_up) p = {p[2], p[0], p[1]};
  EXPECT_EQ(classify(model, cloud_of(y_up), {.up = Axis::kY}).probabilities, expected);
  EXPECT_EQ(classify(model, cloud_of(x_up), {.up = Axis::kX}).probabilities, expected);
  EXPECT_NE(classify(model, cloud_of(y_up)).probabilities, expected);
}

TEST(classify, auto_takes_the_most_confident_orientation) {
  // Sure of clouds that are flat along z.
  const auto model = model_of(2, [](MatrixView p) {
    double squares = 0;
    for (std::size_t i = 0; i < p.rows; ++i) squares += p(i, 2) * p(i, 2);
    return std::vector<float>{0.0F, static_cast<float>(1000.0 / (1.0 + squares))};
  });
  std::vector<Position> points = lopsided_points(1024);
  for (Position& p : points) p[2] *= 0.1;
  EXPECT_EQ(classify(model, cloud_of(points), {.up = std::nullopt}).up, Axis::kZ);
  for (Position& p : points) p = {p[0], p[2], -p[1]};
  EXPECT_EQ(classify(model, cloud_of(points), {.up = std::nullopt}).up, Axis::kY);
  for (Position& p : points) p = upright(p, Axis::kY), p = {p[2], p[0], p[1]};
  EXPECT_EQ(classify(model, cloud_of(points), {.up = std::nullopt}).up, Axis::kX);
}

TEST(classify, auto_tells_up_from_down) {
  // Sure of clouds whose points lie low.
  const auto model = model_of(2, [](MatrixView p) {
    double low = 0;
    for (std::size_t i = 0; i < p.rows; ++i) low += p(i, 2) < 0.0F ? 1.0 : 0.0;
    return std::vector<float>{0.0F, static_cast<float>(low / 100.0)};
  });
  std::vector<Position> points = lopsided_points(1024);
  for (Position& p : points) p[2] = p[2] * p[2] * p[2] * p[2];
  for (const Axis up : kAllAxes) {
    std::vector<Position> turned = points;
    for (Position& p : turned) p = turned_from_upright(p, up);
    EXPECT_EQ(classify(model, cloud_of(turned), {.up = std::nullopt}).up, up) << name_of(up);
  }
}

TEST(classify, auto_weighs_the_directions_by_their_evidence_where_the_model_has_it) {
  // Sure of the first class where most points lie low, of the second where most lie high, and more
  // so.
  auto model = model_of(2, [](MatrixView p) {
    double low = 0;
    for (std::size_t i = 0; i < p.rows; ++i) low += p(i, 2) < 0.0F ? 1.0 : 0.0;
    const double share = low / static_cast<double>(p.rows);
    return share > 0.6   ? std::vector<float>{std::log(3.0F), 0.0F}
           : share < 0.4 ? std::vector<float>{0.0F, std::log(9.0F)}
                         : std::vector<float>{0.0F, 0.0F};
  });
  std::vector<Position> points = lopsided_points(1024);
  for (Position& p : points) p[2] = p[2] * p[2] * p[2] * p[2];
  const PointCloud cloud = cloud_of(points);
  const double low = classify(model, cloud, {.up = Axis::kZ}).probabilities[0];
  ASSERT_NEAR(low, 0.75, 1e-6);
  EXPECT_EQ(classify(model, cloud, {.up = std::nullopt}).up, Axis::kMinusZ);

  model.description.reliability.upright = UprightEvidence({4.0, -4.0}, 0.0);
  std::vector<double> evidence;
  std::vector<double> first;
  for (const Axis up : kAllAxes) {
    first.push_back(classify(model, cloud, {.up = up}).probabilities[0]);
    evidence.push_back(4.0 * first.back() - 4.0 * (1.0 - first.back()));
  }
  const std::vector<double> shares = direction_shares(evidence);
  const Classification found = classify(model, cloud, {.up = std::nullopt});
  EXPECT_EQ(found.up, Axis::kZ);
  const double expected = std::inner_product(shares.begin(), shares.end(), first.begin(), 0.0);
  EXPECT_NEAR(found.probabilities[0], expected, 1e-12);
  EXPECT_NEAR(found.probabilities[0] + found.probabilities[1], 1.0, 1e-12);
  const auto doubts = [&](Axis up) {
    std::vector<std::string> texts;
    for (const Hint& hint : classify(model, cloud, {.up = up}).warnings) {
      if (hint.code == "up") texts.push_back(hint.text);
    }
    return texts;
  };
  EXPECT_TRUE(doubts(Axis::kMinusZ).empty());
  model.description.reliability.upright = UprightEvidence({4.0, -4.0}, 0.0, 0.0);
  EXPECT_TRUE(doubts(Axis::kZ).empty());
  EXPECT_THAT(
      doubts(Axis::kMinusZ),
      ElementsAre("seems to have z up instead of -z (class class then), see --up z and --up auto"));
  const ClassifiedSample sample = classify_sample(model, cloud, std::nullopt);
  EXPECT_EQ(sample.classification.up, Axis::kZ);
  EXPECT_EQ(sample.classification.probabilities, found.probabilities);
}

TEST(classify, a_stray_point_changes_nothing_and_is_told) {
  const auto model = model_of(3, moments);
  std::vector<Position> points = lopsided_points(1000);
  const Classification clean = classify(model, cloud_of(points));
  EXPECT_TRUE(clean.notes.empty());
  points.push_back({1e6, 0, 0});
  const Classification with_stray = classify(model, cloud_of(points));
  EXPECT_EQ(with_stray.probabilities, clean.probabilities);
  EXPECT_EQ(with_stray.notes,
            std::vector<std::string>{"1 of 1001 points lies far from all others and is left out"});
}

/// Scores of class 1 where most points lie far inside the unit sphere, and where they do not.
ClassifierModel model_of_outliers(float if_inside, float if_not) {
  return model_of(2, [=](MatrixView p) {
    double far = 0.0;
    for (std::size_t i = 0; i < p.rows; ++i) {
      far += std::hypot(p(i, 0), p(i, 1), p(i, 2)) > 0.7 ? 1.0 : 0.0;
    }
    const bool is_inside = far < 0.5 * static_cast<double>(p.rows);
    return std::vector<float>{0.0F, is_inside ? if_inside : if_not};
  });
}

TEST(classify, scattered_points_are_left_out_where_the_network_is_surer_of_the_others) {
  Random random(9);
  std::vector<Position> points;
  for (int i = 0; i < 1000; ++i) {  // a sphere
    Position p{random.uniform() - 0.5, random.uniform() - 0.5, random.uniform() - 0.5};
    const double r = std::hypot(p[0], p[1], p[2]);
    for (double& x : p) x /= r;
    points.push_back(p);
  }
  for (int i = 0; i < 100; ++i) {
    points.push_back(
        {8 * random.uniform() - 4, 8 * random.uniform() - 4, 8 * random.uniform() - 4});
  }
  const Classification without = classify(model_of_outliers(0.5F, 3.0F), cloud_of(points));
  EXPECT_GT(without.probabilities[1], 0.9);
  ASSERT_EQ(without.notes.size(), 1U);
  EXPECT_THAT(without.notes[0], testing::HasSubstr("of 1100 points seem scattered around"));
  const Classification all = classify(model_of_outliers(3.0F, 0.5F), cloud_of(points));
  EXPECT_GT(all.probabilities[1], 0.9);
  EXPECT_TRUE(all.notes.empty());

  const ClassifiedSample sample =
      classify_sample(model_of_outliers(0.5F, 3.0F), cloud_of(points), Axis::kZ);
  EXPECT_EQ(sample.classification.probabilities, without.probabilities);
  EXPECT_EQ(sample.usable.points.size(), sample.usable.positions.size());
  EXPECT_LT(sample.usable.points.size(), 1020U);
}

TEST(classify, a_group_far_from_the_object_is_left_out_where_the_network_is_surer_of_the_others) {
  Random random(9);
  std::vector<Position> points;
  for (int i = 0; i < 1000; ++i) {
    Position p{random.uniform() - 0.5, random.uniform() - 0.5, random.uniform() - 0.5};
    const double r = std::hypot(p[0], p[1], p[2]);
    for (double& x : p) x /= r;
    points.push_back(p);
  }
  for (int i = 0; i < 40; ++i) points.push_back({30.0 + random.uniform(), 5.0, 5.0});
  const Classification without = classify(model_of_outliers(0.5F, 3.0F), cloud_of(points));
  EXPECT_THAT(without.notes,
              ElementsAre("40 of 1040 points lie apart from the object and are left out"));
  EXPECT_TRUE(classify(model_of_outliers(3.0F, 0.5F), cloud_of(points)).notes.empty());
  for (int i = 0; i < 60; ++i) points.push_back({30.0 + random.uniform(), 5.0, 5.0});
  EXPECT_TRUE(classify(model_of_outliers(0.5F, 3.0F), cloud_of(points)).notes.empty())
      << "a tenth is a second object";
}

/// Tensors in memory.
class Tensors final : public WeightSource {
 public:
  using Tensor = std::pair<std::vector<std::size_t>, std::vector<float>>;
  explicit Tensors(std::map<std::string, Tensor, std::less<>> tensors)
      : tensors_(std::move(tensors)) {}
  std::vector<std::string> names() const override { return {}; }
  const std::vector<std::size_t>* shape(std::string_view name) const override {
    return &tensors_.find(name)->second.first;
  }
  std::vector<float> values(std::string_view name) const override {
    return tensors_.find(name)->second.second;
  }
  std::string subject() const override { return "tensors"; }

 private:
  std::map<std::string, Tensor, std::less<>> tensors_;
};

TEST(classify, scores_unlike_those_of_the_validation_are_unusual) {
  const auto classified = [](const std::vector<float>& scores) {
    ClassifierModel model = model_of(2, [=](MatrixView) { return scores; });
    model.familiar = FamiliarScores(Tensors({{"means", {{2, 2}, {5, 0, 0, 5}}},
                                             {"precision", {{2, 2}, {1, 0, 0, 1}}},
                                             {"mean", {{2}, {2.5, 2.5}}},
                                             {"overall_precision", {{2, 2}, {0.1, 0, 0, 0.1}}},
                                             {"energy", {{2}, {-5, 1}}},
                                             {"distance", {{2}, {0, 2}}}}),
                                    2);
    model.description.reliability.usual.strangeness = 3.0;
    return classify(model, cloud_of(lopsided_points(300)));
  };
  const Classification usual = classified({5.0F, 0.0F});
  // Energy -5.0067, relative distance 0 - 0.1 (2.5^2 + 2.5^2).
  EXPECT_NEAR(usual.strangeness.value_or(0.0), -0.006715 - 1.25 / 2.0, 1e-5);
  EXPECT_FALSE(usual.unusual);
  EXPECT_THAT(usual.scores, ElementsAre(5.0F, 0.0F));
  EXPECT_TRUE(classified({0.2F, 0.0F}).unusual) << "no class stands out";
  EXPECT_TRUE(classified({5.0F, -6.0F}).unusual) << "not as the other class scores beside it";
}

TEST(classify, tells_a_scene_and_coarse_coordinates) {
  const auto model = model_of(3, moments);
  Random random(6);
  std::vector<Position> points(20'000);
  for (Position& p : points) p = {200 * random.uniform(), 200 * random.uniform(), random.uniform()};
  PointCloud scene = cloud_of(points);
  scene.add("return_number", FieldType::kUInt8);
  ASSERT_EQ(classify(model, scene).warnings.size(), 1U);
  EXPECT_EQ(classify(model, scene).warnings[0].text.find("looks like a scene"), 0U);
  points = lopsided_points(1000);
  for (Position& p : points) p[1] = static_cast<float>(p[1] + 6'280'000.0);
  ASSERT_EQ(classify(model, cloud_of(points)).warnings.size(), 1U);
  EXPECT_EQ(classify(model, cloud_of(points)).warnings[0].text.find("coordinates are float"), 0U);
}

TEST(classify, tells_a_block_of_a_survey_higher_than_wide) {
  const auto model = model_of(3, moments);
  const auto warnings = [&](double wide, double east, bool scanned) {
    Random random(8);
    std::vector<Position> points(5'000);
    for (Position& p : points) {
      p = {east + wide * random.uniform(), wide * random.uniform(), 40 * random.uniform()};
    }
    PointCloud block = cloud_of(points);
    if (scanned) block.add("return_number", FieldType::kUInt8);
    return classify(model, block).warnings.size();
  };
  EXPECT_EQ(warnings(22.0, 382'575.0, true), 1U);
  EXPECT_EQ(warnings(22.0, 382'575.0, false), 0U);
  EXPECT_EQ(warnings(22.0, 0.0, true), 0U);
  EXPECT_EQ(warnings(9.0, 382'575.0, true), 0U);  // a tree
}

TEST(classify, same_bits_for_any_thread_count) {
  const auto model = model_of(3, moments);
  const PointCloud cloud = cloud_of(lopsided_points(50'000));
  const ClassifyOptions options{.votes = 5, .up = std::nullopt};
  std::vector<double> one_thread;
  {
    const ThreadLimit limit(1);
    one_thread = classify(model, cloud, options).probabilities;
  }
  const ThreadLimit limit(8);
  EXPECT_EQ(classify(model, cloud, options).probabilities, one_thread);
}

TEST(classify, scores_that_are_not_finite_are_the_models_fault) {
  const auto model = model_of(2, [](MatrixView) {
    return std::vector<float>{0.0F, std::numeric_limits<float>::quiet_NaN()};
  });
  try {
    (void)classify(model, cloud_of(lopsided_points(200)));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kModel);
    EXPECT_STREQ(error.what(), "fake: gives scores that are not finite");
  }
}

TEST(top_classes, largest_first_ties_to_the_lower_index) {
  const std::vector<double> p{0.1, 0.3, 0.2, 0.3, 0.1};
  EXPECT_THAT(top_classes(p, 3), ElementsAre(1, 3, 2));
  EXPECT_THAT(top_classes(p, 9), ElementsAre(1, 3, 2, 0, 4));
  EXPECT_THAT(top_classes(p, 0), ElementsAre());
}

}  // namespace
}  // namespace ptattn::test
