#include "ptattn/train/loss.hpp"

#include <cmath>

#include <gmock/gmock.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/train/lovasz.hpp"

namespace ptattn::test {
namespace {

using namespace train;
using Exclusions = std::vector<std::vector<std::uint32_t>>;

/// Rows of random scores with random labels.
struct Problem {
  std::size_t classes;
  Exclusions exclusions;
  std::vector<float> counts;
  std::vector<double> logits;

  [[nodiscard]] Targets targets() const { return {classes, exclusions, counts}; }
};

Problem random_problem(std::size_t n, std::size_t classes, Exclusions exclusions) {
  Problem problem{classes, std::move(exclusions), {}, {}};
  Random random(7);
  const std::size_t columns = classes + problem.exclusions.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < columns; ++c) {
      const bool some = i % 5 != 4 && random.uniform() < 0.4;  // every fifth row has no label
      problem.counts.push_back(some ? static_cast<float>(1 + random.below(4)) : 0.0F);
    }
    for (std::size_t c = 0; c < classes; ++c) problem.logits.push_back(6 * random.uniform() - 3);
  }
  return problem;
}

/// Largest difference between the gradient and central differences.
double gradient_error(const Problem& problem, const LossOptions& options) {
  std::vector<double> gradient(problem.logits.size());
  scene_loss<double>(problem.logits, problem.targets(), options, gradient);
  std::vector<double> unused(gradient.size());
  std::vector<double> z = problem.logits;
  constexpr double kStep = 1e-6;
  double error = 0.0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const auto at = [&](double x) {
      z[i] = x;
      return scene_loss<double>(z, problem.targets(), options, unused).total;
    };
    const double slope =
        (at(problem.logits[i] + kStep) - at(problem.logits[i] - kStep)) / (2 * kStep);
    z[i] = problem.logits[i];
    error = std::max(error, std::abs(slope - gradient[i]));
  }
  return error;
}

TEST(scene_loss, of_one_row_is_the_negative_logarithm_of_its_probability) {
  const std::vector<double> logits{1.0, 2.0, 0.5};
  const std::vector<float> counts{0, 3, 0};
  std::vector<double> gradient(3);
  const LossValue loss = scene_loss<double>(logits, {3, {}, counts}, {.lovasz = 0.0}, gradient);
  const double sum = std::exp(1.0) + std::exp(2.0) + std::exp(0.5);
  EXPECT_NEAR(loss.cross_entropy, std::log(sum) - 2.0, 1e-12);
  EXPECT_NEAR(gradient[0], std::exp(1.0) / sum, 1e-12);
  EXPECT_NEAR(gradient[1], std::exp(2.0) / sum - 1.0, 1e-12);
}

TEST(scene_loss, of_excluded_classes_is_minus_log_of_what_is_left) {
  const std::vector<double> logits{1.0, 2.0, 0.5};
  const Exclusions exclusions{{0, 1}};
  const std::vector<float> counts{0, 0, 0, 2};
  std::vector<double> gradient(3);
  const LossValue loss =
      scene_loss<double>(logits, {3, exclusions, counts}, {.lovasz = 0.0}, gradient);
  const double sum = std::exp(1.0) + std::exp(2.0) + std::exp(0.5);
  EXPECT_NEAR(loss.cross_entropy, -std::log(1.0 - (std::exp(1.0) + std::exp(2.0)) / sum), 1e-12);
}

TEST(scene_loss, shares_a_smoothed_label_among_all_classes) {
  const std::vector<double> logits{std::log(0.2), std::log(0.8)};
  const std::vector<float> counts{1, 0};
  std::vector<double> gradient(2);
  const LossValue loss = scene_loss<double>(logits, {2, {}, counts},
                                            {.label_smoothing = 0.1, .lovasz = 0.0}, gradient);
  EXPECT_NEAR(loss.total, -0.95 * std::log(0.2) - 0.05 * std::log(0.8), 1e-12);
}

TEST(scene_loss, has_the_gradient_of_central_differences) {
  const Problem problem = random_problem(40, 4, {{0}, {0, 2}});
  EXPECT_LT(gradient_error(
                problem, {.class_weights = {1, 2, 0.5, 3}, .label_smoothing = 0.05, .lovasz = 0.0}),
            1e-8);
  EXPECT_LT(gradient_error(problem, {.lovasz = 0.7, .lovasz_least = 2}), 1e-8);
}

TEST(scene_loss, has_the_gradient_of_central_differences_within_categories) {
  const Problem problem = random_problem(40, 5, {});
  EXPECT_LT(gradient_error(
                problem, {.lovasz = 0.5, .lovasz_least = 2, .category_of_class = {0, 0, 1, 1, 1}}),
            1e-8);
}

TEST(scene_loss, pushes_the_parts_of_a_known_category_alike) {
  const std::vector<double> logits{1.0, 3.0, -2.0, 0.5, 0.25};
  const Exclusions exclusions{{0, 1}};  // it is of the second category, and no part is known
  const std::vector<float> counts{0, 0, 0, 0, 0, 4};
  std::vector<double> gradient(5);
  const LossValue loss =
      scene_loss<double>(logits, {5, exclusions, counts},
                         {.lovasz = 0.0, .category_of_class = {0, 0, 1, 1, 1}}, gradient);
  const double wrong = std::exp(1.0) + std::exp(3.0);
  const double all = wrong + std::exp(-2.0) + std::exp(0.5) + std::exp(0.25);
  EXPECT_NEAR(loss.cross_entropy, -0.5 * std::log(1.0 - wrong / all), 1e-12);
  for (const std::size_t c : {0U, 1U}) {
    EXPECT_NEAR(gradient[c], 0.5 * std::exp(logits[c]) / all, 1e-12);
  }
  for (const std::size_t c : {2U, 3U, 4U}) EXPECT_NEAR(gradient[c], -0.5 * wrong / all / 3, 1e-12);
}

TEST(scene_loss, leaves_rows_without_labels_alone) {
  const Problem problem = random_problem(10, 3, {{1}});
  std::vector<double> gradient(problem.logits.size(), 9.0);
  scene_loss<double>(problem.logits, problem.targets(), {.lovasz_least = 1}, gradient);
  for (const std::size_t row : {4U, 9U}) {
    for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(gradient[row * 3 + c], 0.0);
  }
}

TEST(scene_loss, of_a_category_takes_no_notice_of_other_categories_half_the_time) {
  const std::vector<float> counts{1, 0, 0};
  std::vector<double> gradient(3);
  const LossOptions options{.lovasz = 0.0, .category_of_class = {0, 0, 1}};
  const std::vector<double> logits{0.0, 0.0, 0.0};
  const LossValue loss = scene_loss<double>(logits, {3, {}, counts}, options, gradient);
  EXPECT_NEAR(loss.total, 0.5 * (std::log(3.0) + std::log(2.0)), 1e-12);
}

TEST(scene_loss, is_the_same_bytes_for_any_thread_count) {
  const Problem problem = random_problem(5000, 6, {{0}});
  const std::vector<float> logits(problem.logits.begin(), problem.logits.end());
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    std::vector<float> gradient(logits.size());
    const LossValue loss = scene_loss<float>(logits, problem.targets(), {}, gradient);
    gradient.push_back(static_cast<float>(loss.total));
    return gradient;
  };
  EXPECT_EQ(run(1), run(8));
}

TEST(scene_loss, refuses_sizes_that_do_not_fit) {
  const std::vector<float> logits(6);
  std::vector<float> gradient(6);
  const std::vector<float> counts(4);
  EXPECT_THROW(scene_loss<float>(logits, {3, {}, counts}, {}, gradient), Error);
  const std::vector<float> right(6);
  EXPECT_THROW(scene_loss<float>(logits, {3, {}, right}, {.class_weights = {1}}, gradient), Error);
}

TEST(lovasz_softmax, is_the_jaccard_loss_of_certain_predictions) {
  // Class 1: two of three rows found, one false alarm: 1 - 2 / 4. Class 0: 1 - 1 / 3.
  const std::vector<std::int32_t> labels{0, 0, 1, 1, 1};
  const std::vector<double> p{1, 0, 0, 1, 0, 1, 0, 1, 1, 0};
  std::vector<double> slope(10);
  EXPECT_NEAR(lovasz_softmax({labels, p, 2}, 1, slope), 0.5 * (0.5 + 2.0 / 3.0), 1e-12);
}

TEST(lovasz_softmax, leaves_out_rare_classes) {
  const std::vector<std::int32_t> labels{0, 0, 1, -1};
  const std::vector<double> p{1, 0, 1, 0, 1, 0, 0, 1};
  std::vector<double> slope(8);
  EXPECT_NEAR(lovasz_softmax({labels, p, 2}, 2, slope), 1.0 / 3.0, 1e-12);
  EXPECT_EQ(slope[7], 0.0);  // the row without a label
}

}  // namespace
}  // namespace ptattn::test
