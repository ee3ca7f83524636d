#include "ptattn/train/validation.hpp"

#include <algorithm>

#include <gmock/gmock.h>

#include "test_scenes.hpp"

namespace ptattn::test {
namespace {

using namespace train;

/// A model of two channels that takes for a building what has none of the other above it.
class Flat final : public PointNetwork {
 public:
  [[nodiscard]] std::size_t in_channels() const override { return 1; }
  [[nodiscard]] std::size_t out_channels() const override { return 2; }
  [[nodiscard]] bool labels_points() const override { return true; }
  [[nodiscard]] PointOutput forward(const PointInput& input, const Trace&) const override {
    PointOutput output;
    output.values = Matrix(input.features.rows, 2);
    for (std::size_t i = 0; i < output.values.rows(); ++i) {
      const bool high = input.features(i, 0) > 3.0F;
      output.values(i, 0) = high ? 4.0F : 0.0F;
      output.values(i, 1) = high ? 0.0F : 4.0F;
    }
    return output;
  }
};

SegmenterModel model(std::vector<std::string> classes) {
  SegmenterModel result;
  result.description.name = "flat";
  result.description.classes = std::move(classes);
  result.description.preprocessing = read_scene_profile(
      R"({"kind": "scene", "unit": "metre", "up": "z", "voxel": 0.5, "features": ["z"]})", "flat");
  result.network = std::make_unique<Flat>();
  return result;
}

TEST(validate, finds_the_classes_of_the_model_by_name) {
  const LabelSpace space{.classes = {"ground", "building"}};
  const std::vector clouds{village(30.0)};
  const auto results = validate(model({"building", "ground"}), clouds, space);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_GT(results[0].scores.mean_iou(), 0.95);
}

TEST(validate, leaves_out_points_of_classes_that_the_model_lacks) {
  const LabelSpace space{.classes = {"ground", "building"}};
  const std::vector clouds{village(30.0)};
  const auto results = validate(model({"house", "ground"}), clouds, space);
  const auto metrics = evaluate(results[0].scores.confusion());
  EXPECT_EQ(metrics.classes[1].truth, 0U);
  EXPECT_GT(metrics.classes[0].truth, 1000U);
}

TEST(validate, ends_when_told_to) {
  const LabelSpace space{.classes = {"ground", "building"}};
  const std::vector clouds{village(20.0), village(20.0, 2)};
  int left = 1;
  const auto results = validate(model({"building", "ground"}), clouds, space,
                                {.between = [&] { return left-- > 0; }});
  EXPECT_EQ(results.size(), 1U);
}

TEST(harder_surveys, are_thinned_bare_and_tilted) {
  const std::vector clouds{village(60.0)};
  const auto harder = harder_surveys(clouds, 0.5);
  ASSERT_EQ(harder.size(), 4U);
  EXPECT_EQ(harder[0].size(), clouds[0].size());
  EXPECT_NEAR(plan_density(harder[1], 10.0), 1.0, 0.1);
  EXPECT_NEAR(plan_density(harder[2], 10.0), 0.3, 0.05);
  for (const LabelledCloud& cloud : harder) EXPECT_TRUE(cloud.attributes.empty()) << cloud.name;
  const auto height = [](const LabelledCloud& cloud) {
    float high = 0.0F;
    float low = 0.0F;
    for (const auto& p : cloud.positions) {
      high = std::max(high, p[2]);
      low = std::min(low, p[2]);
    }
    return high - low;
  };
  EXPECT_LT(height(harder[1]), 7.0F);
  EXPECT_GT(height(harder[3]), 30.0F);
}

}  // namespace
}  // namespace ptattn::test
