#include "ptattn/tasks/reliability_table.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace ptattn::test {
namespace {

TEST(reliability_table,
     expected_error_is_the_difference_between_confidence_and_accuracy_in_each_bin) {
  ReliabilityTable table;
  for (int i = 0; i < 4; ++i) table.add(0.9, i < 3);  // 0.75 right
  for (int i = 0; i < 4; ++i) table.add(0.5, i < 2);  // as said
  EXPECT_NEAR(table.expected_error(), 0.5 * 0.15, 1e-12);
  EXPECT_NEAR(table.largest_error(), 0.15, 1e-12);
  EXPECT_EQ(table.items(), 8U);
  EXPECT_EQ(ReliabilityTable().expected_error(), 0.0);
  EXPECT_EQ(ReliabilityTable().largest_error(), 0.0);
}

TEST(reliability_table, takes_whole_bins_and_other_tables) {
  ReliabilityTable one;
  one.add(ReliabilityTable::bin_of(0.8), 10, 8.0, true);
  one.add(ReliabilityTable::bin_of(0.8), 5, 4.0, false);
  ReliabilityTable sum;
  sum.add(one);
  sum.add(one);
  const ReliabilityTable::Bin& bin = sum.bins()[ReliabilityTable::bin_of(0.8)];
  EXPECT_EQ(bin.items, 30U);
  EXPECT_NEAR(bin.mean_confidence(), 0.8, 1e-12);
  EXPECT_NEAR(bin.accuracy(), 2.0 / 3.0, 1e-12);
}

TEST(reliability_table, has_a_bin_for_every_number) {
  EXPECT_EQ(ReliabilityTable::bin_of(-1.0), 0U);
  EXPECT_EQ(ReliabilityTable::bin_of(std::numeric_limits<double>::quiet_NaN()), 0U);
  EXPECT_EQ(ReliabilityTable::bin_of(1.0), ReliabilityTable::kBins - 1);
  EXPECT_EQ(ReliabilityTable::bin_of(1e300), ReliabilityTable::kBins - 1);
}

TEST(reliability_table, a_rare_bin_does_not_make_the_largest_error) {
  ReliabilityTable table;
  for (int i = 0; i < 1000; ++i) table.add(0.9, i < 900);
  table.add(0.1, true);
  EXPECT_NEAR(table.largest_error(), 0.0, 1e-9);
}

}  // namespace
}  // namespace ptattn::test
