#include "ptattn/tasks/smooth/smooth_labels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "line_fields.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

TEST(smooth_labels, hand_computed) {
  // h = 1: a point weighs 1, its neighbours exp(-1/2) = 0.61, those beyond exp(-2) = 0.14. The 9
  // among 2s is outvoted by 1.21; the 5 at the end by 0.61 + 0.14 is not.
  Field field = field_of<std::uint8_t>({2, 2, 9, 2, 2, 5});
  const LabelSmoothing done = smooth_labels(
      field, all_of(6), on_a_line(6), {.neighborhood = {.k = 6, .radius = 2.5}, .bandwidth = 1.0});
  const auto values = field.values<std::uint8_t>();
  EXPECT_THAT(std::vector(values.begin(), values.end()), ElementsAre(2, 2, 2, 2, 2, 5));
  EXPECT_EQ(done.labels, 6U);
  EXPECT_EQ(done.changed, 1U);
  EXPECT_EQ(done.fit.bandwidth, 1.0);
}

TEST(smooth_labels, makes_no_value_that_was_not_there_in_any_type) {
  Random random(3);
  std::vector<float> labels(500);
  for (float& label : labels) label = random.below(2) == 0 ? 2.0F : 6.0F;
  Field field = field_of(labels);
  const LabelSmoothing done = smooth_labels(field, all_of(500), on_a_line(500), {});
  EXPECT_GT(done.changed, 0U);
  for (const float value : field.values<float>()) EXPECT_TRUE(value == 2.0F || value == 6.0F);
}

TEST(smooth_labels, nan_is_no_label_stays_and_has_no_vote) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  Field field = field_of<float>({1, none, none, none, 3, 1});
  const LabelSmoothing done = smooth_labels(field, all_of(6), on_a_line(6),
                                            {.kernel = Kernel::kConstant, .bandwidth = 1.0});
  EXPECT_EQ(done.labels, 3U);
  EXPECT_THAT(std::vector(field.values<float>().begin(), field.values<float>().end()),
              ElementsAre(1, testing::IsNan(), testing::IsNan(), testing::IsNan(), 1, 1));
}

TEST(smooth_labels, more_labels_than_columns_of_the_fit_are_voted_on_alike) {
  std::vector<std::int32_t> labels;
  for (std::int32_t c = 0; c < 20; ++c) labels.insert(labels.end(), 10, 1000 * c);
  labels[95] = 7;
  Field field = field_of(labels);
  (void)smooth_labels(field, all_of(200), on_a_line(200), {.bandwidth = 1.5});
  EXPECT_EQ(field.values<std::int32_t>()[95], 9000);
  EXPECT_EQ(field.values<std::int32_t>()[199], 19000);
}

TEST(smooth_labels, refuses_several_values_and_takes_no_points) {
  Field several("label", FieldType::kUInt8, 4, 2);
  EXPECT_THROW(smooth_labels(several, all_of(4), on_a_line(4), {}), Error);
  Field none("label", FieldType::kUInt8, 0);
  EXPECT_EQ(smooth_labels(none, {}, {}, {}).fit.bandwidth, 0.0);
}

}  // namespace
}  // namespace ptattn::test
