// Metrics against matrices computed by hand.

#include "ptattn/tasks/evaluation.hpp"

#include <gtest/gtest.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

ConfusionMatrix matrix(const std::vector<std::vector<std::uint64_t>>& rows) {
  ConfusionMatrix confusion(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows[i].size(); ++j) confusion.add(i, j, rows[i][j]);
  }
  return confusion;
}

TEST(evaluate, three_classes_by_hand) {
  const Metrics m = evaluate(matrix({{5, 2, 0}, {1, 3, 1}, {0, 0, 8}}));
  EXPECT_EQ(m.items, 20U);
  EXPECT_DOUBLE_EQ(*m.overall_accuracy, 16.0 / 20.0);
  EXPECT_DOUBLE_EQ(*m.classes[0].iou, 5.0 / 8.0);
  EXPECT_DOUBLE_EQ(*m.classes[1].iou, 3.0 / 7.0);
  EXPECT_DOUBLE_EQ(*m.classes[2].iou, 8.0 / 9.0);
  EXPECT_DOUBLE_EQ(*m.classes[0].precision, 5.0 / 6.0);
  EXPECT_DOUBLE_EQ(*m.classes[0].recall, 5.0 / 7.0);
  EXPECT_DOUBLE_EQ(*m.classes[0].f1, 10.0 / 13.0);
  EXPECT_DOUBLE_EQ(*m.mean_iou, (5.0 / 8.0 + 3.0 / 7.0 + 8.0 / 9.0) / 3.0);
  EXPECT_DOUBLE_EQ(*m.mean_accuracy, (5.0 / 7.0 + 3.0 / 5.0 + 1.0) / 3.0);
  EXPECT_DOUBLE_EQ(*m.mean_f1, (10.0 / 13.0 + 6.0 / 10.0 + 16.0 / 17.0) / 3.0);
  // p_e = (7 * 6 + 5 * 5 + 8 * 9) / 400
  EXPECT_DOUBLE_EQ(*m.kappa, (0.8 - 139.0 / 400.0) / (1.0 - 139.0 / 400.0));
  EXPECT_EQ(m.classes[2].truth, 8U);
  EXPECT_EQ(m.classes[2].predicted, 9U);
}

TEST(evaluate, kappa_of_the_textbook) {
  EXPECT_NEAR(*evaluate(matrix({{20, 5}, {10, 15}})).kappa, 0.4, 1e-15);
  EXPECT_NEAR(*evaluate(matrix({{45, 15}, {25, 15}})).kappa, 0.130435, 1e-6);
}

TEST(evaluate, absent_classes_are_in_no_mean) {
  // Class 1 appears nowhere; class 2 is only predicted.
  const Metrics m = evaluate(matrix({{6, 0, 2}, {0, 0, 0}, {0, 0, 0}}));
  EXPECT_FALSE(m.classes[1].iou);
  EXPECT_FALSE(m.classes[1].f1);
  EXPECT_DOUBLE_EQ(*m.classes[2].iou, 0.0);
  EXPECT_FALSE(m.classes[2].recall);
  EXPECT_DOUBLE_EQ(*m.classes[2].precision, 0.0);
  EXPECT_DOUBLE_EQ(*m.mean_iou, (0.75 + 0.0) / 2.0);
  EXPECT_DOUBLE_EQ(*m.mean_accuracy, 0.75);
}

TEST(evaluate, what_has_no_prediction_is_wrong) {
  ConfusionMatrix confusion(2);
  confusion.add(0, 0, 3);
  confusion.add(0, confusion.none(), 1);
  confusion.add(1, 1, 4);
  const Metrics m = evaluate(confusion);
  EXPECT_EQ(m.items, 8U);
  EXPECT_DOUBLE_EQ(*m.overall_accuracy, 7.0 / 8.0);
  EXPECT_DOUBLE_EQ(*m.classes[0].iou, 3.0 / 4.0);
  EXPECT_DOUBLE_EQ(*m.classes[0].precision, 1.0);
  EXPECT_DOUBLE_EQ(*m.classes[1].iou, 1.0);
}

TEST(evaluate, quotients_without_denominator) {
  const Metrics none = evaluate(ConfusionMatrix(2));
  EXPECT_EQ(none.items, 0U);
  EXPECT_FALSE(none.overall_accuracy || none.mean_iou || none.mean_accuracy || none.kappa);
  const Metrics one_class = evaluate(matrix({{7, 0}, {0, 0}}));
  EXPECT_DOUBLE_EQ(*one_class.overall_accuracy, 1.0);
  EXPECT_FALSE(one_class.kappa) << "agreement cannot be told from chance";
}

TEST(ground_errors, type_one_and_two_by_hand) {
  const ConfusionMatrix confusion = matrix({{94, 6}, {20, 180}});
  const GroundErrors errors = ground_errors(confusion, 1);
  EXPECT_DOUBLE_EQ(*errors.type1, 20.0 / 200.0);
  EXPECT_DOUBLE_EQ(*errors.type2, 6.0 / 100.0);
  EXPECT_DOUBLE_EQ(*errors.total, 26.0 / 300.0);
}

TEST(ground_errors, confusion_among_objects_is_none) {
  ConfusionMatrix confusion = matrix({{10, 0, 0}, {0, 0, 5}, {1, 4, 0}});
  confusion.add(0, confusion.none(), 2);  // rejected
  confusion.add(1, confusion.none(), 2);  // not ground either
  const GroundErrors errors = ground_errors(confusion, 0);
  EXPECT_DOUBLE_EQ(*errors.type1, 2.0 / 12.0);
  EXPECT_DOUBLE_EQ(*errors.type2, 1.0 / 12.0);
  EXPECT_DOUBLE_EQ(*errors.total, 3.0 / 24.0);
  EXPECT_FALSE(ground_errors(matrix({{0, 0}, {1, 3}}), 0).type1);
  EXPECT_THROW((void)ground_errors(confusion, 3), Error);
}

TEST(confusion_matrix, refuses_classes_that_are_not) {
  ConfusionMatrix confusion(2);
  EXPECT_THROW(confusion.add(2, 0), Error);
  EXPECT_THROW(confusion.add(0, 3), Error);
}

TEST(count_pairs, counts_what_a_loop_counts) {
  Random random(5);
  std::vector<std::int32_t> truth(700'000);
  std::vector<std::int32_t> predicted(truth.size());
  LabelPairs expected;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    truth[i] = static_cast<std::int32_t>(random.below(5)) - 1;
    predicted[i] = static_cast<std::int32_t>(random.below(3)) * 1'000'000'000;
    ++expected[{truth[i], predicted[i]}];
  }
  for (const int threads : {1, 8}) {
    const ThreadLimit limit(threads);
    EXPECT_EQ(count_pairs(truth, predicted), expected);
  }
  EXPECT_TRUE(count_pairs({}, {}).empty());
}

TEST(count_pairs, refuses) {
  const std::vector<std::int32_t> two(2, 0);
  EXPECT_THROW((void)count_pairs(two, std::span(two).first(1)), Error);
  std::vector<std::int32_t> different(1'100'000);
  for (std::size_t i = 0; i < different.size(); ++i) different[i] = static_cast<std::int32_t>(i);
  EXPECT_THROW((void)count_pairs(different, different), Error);
}

}  // namespace
}  // namespace ptattn::test
