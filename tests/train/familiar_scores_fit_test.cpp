#include "ptattn/train/familiar_scores_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "../io/temp_folder.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/familiar_features.hpp"
#include "ptattn/models/familiar_scores.hpp"
#include "ptattn/models/files/safetensors.hpp"

namespace ptattn::test {
namespace {

using namespace train;

constexpr std::size_t kItems = 400;

double normal(Random& random) {
  double sum = 0.0;
  for (int i = 0; i < 12; ++i) sum += random.uniform();
  return sum - 6.0;
}

struct Validated {
  Matrix scores{kItems, 3};
  std::vector<std::uint32_t> truths = std::vector<std::uint32_t>(kItems);
};

/// Class 0 has the scores (8, 2, -1), class 1 (2, 8, -1), class 2 (0, 0, 8), and some noise.
Validated validated() {
  constexpr std::array<std::array<double, 3>, 3> kMeans{{{8, 2, -1}, {2, 8, -1}, {0, 0, 8}}};
  Random random(2);
  Validated all;
  for (std::size_t i = 0; i < kItems; ++i) {
    all.truths[i] = static_cast<std::uint32_t>(i % 3);
    for (std::size_t c = 0; c < 3; ++c) {
      all.scores(i, c) = static_cast<float>(kMeans[i % 3][c] + 0.5 * normal(random));
    }
  }
  return all;
}

TEST(familiar_scores, are_strange_where_no_class_stands_out_or_the_others_do_not_belong_to_it) {
  const Validated all = validated();
  const ScoresFit fit = fit_familiar_scores(all.scores, all.truths);
  ASSERT_EQ(fit.strangeness.size(), kItems);
  double mean = 0.0;
  for (const double u : fit.strangeness) mean += u / static_cast<double>(kItems);
  EXPECT_NEAR(mean, 0.0, 1e-6);
  const TempFolder folder;
  write_familiar_scores(folder.path(), fit);
  const FamiliarScores familiar(SafetensorsFile(folder / kFamiliarFile), 3);
  const auto of = [&](float a, float b, float c) {
    return familiar.strangeness(std::array<float, 3>{a, b, c});
  };
  const double usual = *std::ranges::max_element(fit.strangeness);
  EXPECT_LT(of(8.0F, 2.0F, -1.0F), 1.0);
  EXPECT_LT(of(0.0F, 0.0F, 8.0F), 1.0);
  EXPECT_GT(of(2.0F, 2.0F, 2.0F), usual) << "no class stands out";
  EXPECT_GT(of(8.0F, -4.0F, 3.0F), usual) << "class 0, the others unlike it";
  // Each score in its scale: the items that were left out have a deviation of 1 in each part.
  EXPECT_NEAR(energy_of(std::array<float, 2>{1.0F, 1.0F}), -1.0 - std::log(2.0), 1e-12);
  EXPECT_THROW(FamiliarScores(SafetensorsFile(folder / kFamiliarFile), 4), Error);
}

TEST(familiar_scores, of_few_items_are_not_fitted) {
  Validated all = validated();
  all.truths.resize(80);
  EXPECT_TRUE(
      fit_familiar_scores(all.scores.view().rows_range(0, 80), all.truths).strangeness.empty());
}

}  // namespace
}  // namespace ptattn::test
