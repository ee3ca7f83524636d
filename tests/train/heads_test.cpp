#include <cmath>
#include <numeric>

#include <gmock/gmock.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/train/heads/attention_head.hpp"
#include "ptattn/train/heads/linear_head.hpp"
#include "test_scenes.hpp"

namespace ptattn::test {
namespace {

using namespace train;

Matrix matrix(std::size_t rows, std::size_t cols, std::initializer_list<float> values) {
  Matrix result(rows, cols);
  std::ranges::copy(values, result.values().begin());
  return result;
}

LinearHead head_of_zeros(std::size_t classes, std::size_t c, bool known) {
  LinearHead head{Matrix(classes, c), std::vector<float>(classes, 0.0F),
                  std::vector<bool>(classes, known)};
  std::ranges::fill(head.weight.values(), 0.0F);
  return head;
}

/// Two groups of examples along the first of three features, the others noise.
HeadExamples two_groups(std::size_t each) {
  Draws draws(3, 0, 0);
  HeadExamples examples;
  const std::size_t n = 2 * each;
  examples.features = Matrix(n, 3);
  examples.targets = Matrix(n, 2);
  for (std::size_t i = 0; i < n; ++i) {
    const bool second = i % 2 == 1;
    examples.features(i, 0) = static_cast<float>((second ? 40.0 : 0.0) + 4.0 * draws.normal());
    for (std::size_t j = 1; j < 3; ++j) {
      examples.features(i, j) = static_cast<float>(draws.normal());
    }
    examples.targets(i, 0) = second ? 0.0F : 1.0F;
    examples.targets(i, 1) = second ? 1.0F : 0.0F;
    examples.positions.push_back({static_cast<float>(10 * i), 0.0F, 0.0F});
  }
  examples.weights.assign(n, 1.0F);
  examples.has_label.assign(n, true);
  examples.clouds.assign(n, 0);
  examples.labelled = {each, each};
  return examples;
}

double probability(const LinearHead& head, const float* x, std::size_t c) {
  double sum = 0.0;
  double own = 0.0;
  for (std::size_t k = 0; k < head.bias.size(); ++k) {
    double score = head.bias[k];
    for (std::size_t j = 0; j < head.weight.cols(); ++j) score += head.weight(k, j) * x[j];
    sum += std::exp(score);
    if (k == c) own = std::exp(score);
  }
  return own / sum;
}

TEST(fit_linear_head, meets_shares_that_a_line_can_meet) {
  HeadExamples examples;
  examples.features = matrix(2, 1, {0, 1});
  examples.targets = matrix(2, 2, {0.7F, 0.3F, 0.2F, 0.8F});
  examples.weights = {1.0F, 5.0F};
  const LinearFit fit = fit_linear_head(examples, head_of_zeros(2, 1, false), 0.0);
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_NEAR(probability(fit.head, examples.features.row(i), 0), examples.targets(i, 0), 1e-4);
  }
  const auto entropy = [](double p) { return -p * std::log(p) - (1 - p) * std::log(1 - p); };
  EXPECT_NEAR(fit.loss, (entropy(0.7) + 5.0 * entropy(0.2)) / 6.0, 1e-6);
}

TEST(fit_linear_head, a_large_penalty_leaves_the_weights_and_fits_biases) {
  const HeadExamples examples = two_groups(50);
  LinearHead start = head_of_zeros(2, 3, true);
  start.weight(1, 2) = 0.25F;
  const LinearFit fit = fit_linear_head(examples, start, 1e6);
  EXPECT_NEAR(fit.head.weight(1, 2), 0.25, 1e-4);
  EXPECT_NEAR(fit.head.weight(1, 0), 0.0, 1e-4);
}

TEST(fit_linear_head, tells_groups_apart_with_the_same_bytes_for_any_thread_count) {
  const HeadExamples examples = two_groups(400);
  const auto with = [&](int threads) {
    const ThreadLimit limit(threads);
    return fit_linear_head(examples, head_of_zeros(2, 3, false), 1e-3);
  };
  const LinearFit one = with(1);
  EXPECT_THAT(one.head.weight.values(), testing::ElementsAreArray(with(8).head.weight.values()));
  for (std::size_t i = 0; i < examples.size(); ++i) {
    EXPECT_GT(probability(one.head, examples.features.row(i), i % 2), 0.5);
  }
  EXPECT_THROW((void)fit_linear_head(examples, head_of_zeros(2, 4, false), 1e-3), Error);
}

TEST(fit_attention_head, learns_a_width_and_keeps_weights) {
  HeadExamples examples = two_groups(100);
  examples.weights.back() = 3.0F;
  const AttentionFit fit = fit_attention_head(examples, {.apart = 5.0});
  EXPECT_LT(fit.loss, 0.2 * fit.constant);
  EXPECT_GT(fit.bandwidth, 0.0);
  EXPECT_EQ(fit.head.keys.rows(), 200U);
  EXPECT_FLOAT_EQ(std::ranges::max(fit.head.values.values()), 3.0F);
}

TEST(fit_attention_head, takes_labelled_examples_first) {
  HeadExamples examples = two_groups(100);
  for (std::size_t i = 0; i < 190; ++i) {
    examples.targets(i, 0) = 0.5F;
    examples.targets(i, 1) = 0.5F;
    examples.has_label[i] = false;
  }
  const AttentionFit fit = fit_attention_head(examples, {.most_keys = 20, .apart = 0.0});
  ASSERT_EQ(fit.head.keys.rows(), 20U);
  const auto sure = std::ranges::count(fit.head.values.values(), 1.0F);
  EXPECT_EQ(sure, 10);
}

TEST(fit_attention_head, chosen_unlabelled_examples_stand_for_all) {
  HeadExamples examples = two_groups(100);
  for (std::size_t i = 0; i < 200; i += 2) examples.has_label[i] = false;  // sure all the same
  const AttentionFit fit = fit_attention_head(examples, {.most_keys = 125});
  std::size_t labelled = 0;
  double unlabelled = 0.0;
  for (std::size_t i = 0; i < fit.head.values.rows(); ++i) {
    labelled += fit.head.values(i, 1) > 0.0F ? 1 : 0;
    unlabelled += fit.head.values(i, 0);
  }
  EXPECT_EQ(labelled, 62U);
  EXPECT_NEAR(unlabelled, 100.0, 1e-3);
}

TEST(fit_attention_head, unlabelled_examples_of_a_labelled_class_say_nothing) {
  HeadExamples examples = two_groups(100);
  // The second group is new: half of it has no label, and the model takes it for the first class.
  for (std::size_t i = 0; i < 200; ++i) examples.has_label[i] = i % 4 == 1;
  for (std::size_t i = 3; i < 200; i += 4) {
    examples.targets(i, 0) = 1.0F;
    examples.targets(i, 1) = 0.0F;
  }
  for (std::size_t i = 1; i < 200; i += 4) examples.weights[i] = 3.0F;
  examples.labelled = {0, 50};
  const AttentionFit fit = fit_attention_head(examples, {});
  const float border = 20.0F * fit.head.scale[0];
  for (std::size_t i = 0; i < fit.head.values.rows(); ++i) {
    EXPECT_TRUE(fit.head.keys(i, 0) < border || fit.head.values(i, 0) == 0.0F);
  }
}

TEST(fit_attention_head, does_not_learn_from_neighbours) {
  // Every example has a copy beside it: with these it would be predicted at any width.
  HeadExamples examples = two_groups(60);
  Draws draws(5, 0, 0);
  for (std::size_t i = 0; i + 1 < examples.size(); i += 2) {
    const bool first = draws.chance(0.5);
    for (std::size_t j = 0; j < 3; ++j) {
      examples.features(i + 1, j) = examples.features(i, j) = static_cast<float>(draws.normal());
    }
    for (std::size_t k = 0; k < 2; ++k) {
      examples.targets(i, k) = examples.targets(i + 1, k) = (k == 0) == first ? 1.0F : 0.0F;
    }
    examples.positions[i + 1] = examples.positions[i];
  }
  EXPECT_LT(fit_attention_head(examples, {.apart = 0.0}).loss, 0.1);
  EXPECT_GT(fit_attention_head(examples, {.apart = 1.0}).loss, 0.3);
}

/// Gives its channels as features.
class Channels final : public PointNetwork {
 public:
  [[nodiscard]] std::size_t in_channels() const override { return 7; }
  [[nodiscard]] std::size_t out_channels() const override { return 7; }
  [[nodiscard]] bool labels_points() const override { return false; }
  [[nodiscard]] PointOutput forward(const PointInput& input,
                                    const Trace& /*trace*/) const override {
    Matrix values(input.features.rows, 7);
    for (std::size_t i = 0; i < values.rows(); ++i) {
      std::copy_n(input.features.row(i), 7, values.row(i));
    }
    return {std::move(values), {}};
  }
};

TEST(collect_examples, unlabelled_voxels_keep_what_the_model_says) {
  LabelledCloud cloud = village(30.0);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    const bool keep = cloud.labels[i] == 1 && kept < 5;
    kept += keep ? 1 : 0;
    cloud.labels[i] = keep ? 2 : kUnlabelled;
  }
  LinearHead head = head_of_zeros(3, 7, true);
  head.known[2] = false;
  head.bias = {1.0F, 0.0F, 0.0F};
  const HeadExamples examples =
      collect_examples(Channels(), small_profile(), head, std::vector{cloud},
                       {.most_unlabelled = 300, .label_weight = 0.1});
  EXPECT_THAT(examples.labelled, testing::ElementsAre(0U, 0U, 5U));
  ASSERT_EQ(examples.size(), 305U);
  const double own = 1.0 / (1.0 + std::exp(-1.0));
  double labelled_weight = 0.0;
  std::size_t labelled = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (examples.targets(i, 2) == 1.0F) {
      ++labelled;
      labelled_weight += examples.weights[i];
      continue;
    }
    EXPECT_NEAR(examples.targets(i, 0), own, 1e-5);
    EXPECT_EQ(examples.targets(i, 2), 0.0F);
    EXPECT_EQ(examples.weights[i], 1.0F);
  }
  EXPECT_EQ(labelled, 5U);
  EXPECT_NEAR(labelled_weight, 0.1 * 300.0, 1e-3);
}

TEST(collect_examples, needs_a_label_and_passes_others_over_where_no_class_is_known) {
  LabelledCloud cloud = village(20.0);
  for (std::size_t i = 1; i < cloud.size(); ++i) cloud.labels[i] = kUnlabelled;
  const LinearHead head = head_of_zeros(2, 7, false);
  const SceneProfile profile = small_profile();
  EXPECT_EQ(collect_examples(Channels(), profile, head, std::vector{cloud}, {}).size(), 1U);
  cloud.labels[0] = kUnlabelled;
  EXPECT_THROW((void)collect_examples(Channels(), profile, head, std::vector{cloud}, {}), Error);
}

}  // namespace
}  // namespace ptattn::test
