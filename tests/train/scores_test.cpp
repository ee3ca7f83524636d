#include "ptattn/train/scores.hpp"

#include <gmock/gmock.h>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using namespace train;

const LabelSpace kSpace{.classes = {"ground", "tree", "house"}, .exclusions = {{0}, {0, 2}}};

TEST(scores, count_classes_and_exclusions_apart) {
  Scores scores(kSpace);
  const std::vector<std::uint32_t> predicted{0, 1, 1, 0, 2, 1};
  const std::vector<float> confidence(6, 0.9F);
  const std::vector<Label> labels{0, 1, 0, 3, 4, kUnlabelled};
  scores.add(predicted, confidence, labels);
  EXPECT_DOUBLE_EQ(scores.mean_iou(), 0.5);  // ground 1 of 2, tree 1 of 2; no house to be found
  EXPECT_EQ(scores.excluded_points(), 2U);
  EXPECT_DOUBLE_EQ(scores.excluded_share(), 1.0);
  // Ground or not: one of three named points and one of two that are known not to be ground.
  EXPECT_DOUBLE_EQ(scores.ground_error(0), 2.0 / 5.0);
  Scores twice(kSpace);
  twice.add(scores);
  twice.add(scores);
  EXPECT_DOUBLE_EQ(twice.ground_error(0), 2.0 / 5.0);
  EXPECT_EQ(twice.excluded_points(), 4U);
}

TEST(scores, take_predictions_of_no_class) {
  Scores scores(kSpace);
  scores.add(std::vector<std::uint32_t>{3, 3}, std::vector<float>{0, 0}, std::vector<Label>{1, 3});
  EXPECT_DOUBLE_EQ(scores.mean_iou(), 0.0);
  EXPECT_DOUBLE_EQ(scores.excluded_share(), 0.0);
}

TEST(scores, refuse_unlike_lengths) {
  Scores scores(kSpace);
  EXPECT_THROW(
      scores.add(std::vector<std::uint32_t>{1}, std::vector<float>{1}, std::vector<Label>{}),
      Error);
}

}  // namespace
}  // namespace ptattn::test
