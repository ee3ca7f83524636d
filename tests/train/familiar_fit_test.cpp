#include "ptattn/train/familiar_fit.hpp"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "../io/temp_folder.hpp"
#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/files/safetensors.hpp"

namespace ptattn::test {
namespace {

using namespace train;

double normal(Random& random) {
  double sum = 0.0;
  for (int i = 0; i < 12; ++i) sum += random.uniform();
  return sum - 6.0;
}

/// Items of two classes: (z, 2 z + noise) and the same shifted by 10.
PlaceFeatures place(std::size_t number, std::size_t items = 2000) {
  Random random(number + 1);
  PlaceFeatures cloud{number, {Matrix(items, 2), std::vector<std::uint32_t>(items)}};
  for (std::size_t i = 0; i < items; ++i) {
    const double z = normal(random);
    const double shift = i % 2 == 0 ? 0.0 : 10.0;
    cloud.items.classes[i] = static_cast<std::uint32_t>(i % 2);
    cloud.items.features(i, 0) = static_cast<float>(shift + z);
    cloud.items.features(i, 1) = static_cast<float>(shift + 2.0 * z + 0.1 * normal(random));
  }
  return cloud;
}

std::vector<PlaceFeatures> places(std::size_t n) {
  std::vector<PlaceFeatures> all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(place(i));
  return all;
}

FamiliarFeatures written_and_read(const FamiliarFit& fit) {
  const TempFolder folder;
  write_familiar(folder.path(), fit);
  return {SafetensorsFile(folder / kFamiliarFile), fit.classes, fit.features};
}

TEST(familiar_fit, is_about_one_from_what_was_seen_and_far_from_what_was_not) {
  const std::vector<PlaceFeatures> all = places(4);
  const FamiliarFeatures familiar =
      written_and_read(fit_familiar({&all[0], &all[1], &all[2], &all[3]}, 2));
  // Across the line the variance is 0.01, to which a hundredth of the shared one adds 0.08.
  EXPECT_NEAR(familiar.mean_distance(place(9).items), (1.0 + 0.01 / 0.09) / 2.0, 0.05);
  const std::array<float, 2> along{2.0F, 4.0F};
  const std::array<float, 2> across{2.0F, -4.0F};
  EXPECT_LT(familiar.distance(along, 0), 5.0);
  EXPECT_GT(familiar.distance(across, 0), 200.0);  // as large, where the class never is
  EXPECT_GT(familiar.distance(along, 1), 20.0);    // familiar, but of the other class
  EXPECT_EQ(familiar.mean_distance({}), 0.0);
}

TEST(familiar_fit, leaves_places_out_to_find_what_is_usual) {
  std::vector<PlaceFeatures> all = places(8);
  for (std::size_t i = 0; i < 2000; ++i) all[5].items.features(i, 1) *= -1.0F;
  const std::vector<double> distances = distances_left_out(all, 2);
  ASSERT_EQ(distances.size(), 8U);
  EXPECT_GT(distances[5], 20.0 * distances[1]);  // of the same fold: nothing like it was seen
}

TEST(familiar_fit, copies_of_a_place_are_left_out_together) {
  std::vector<PlaceFeatures> all = places(8);
  for (std::size_t i = 0; i < 2000; ++i) all[5].items.features(i, 1) *= -1.0F;
  const double alone = distances_left_out(all, 2)[5];
  all.push_back({5, {clone(all[5].items.features), all[5].items.classes}});
  EXPECT_EQ(distances_left_out(all, 2)[5], alone);
}

TEST(familiar_fit, of_few_places_says_nothing) {
  EXPECT_TRUE(distances_left_out(places(3), 2).empty());
  EXPECT_THROW((void)fit_familiar({}, 2), Error);
}

TEST(familiar_fit, is_taken_over_for_other_classes) {
  const std::vector<PlaceFeatures> all = places(4);
  const FamiliarFit before = fit_familiar({&all[0], &all[1], &all[2], &all[3]}, 2);
  const TempFolder folder;
  write_familiar(folder.path(), before);
  const SafetensorsFile known(folder / kFamiliarFile);
  ClassifiedFeatures items{Matrix(30, 2), std::vector<std::uint32_t>(30, 1)};
  for (std::size_t i = 0; i < 30; ++i) {
    items.features(i, 0) = 50.0F;
    items.features(i, 1) = static_cast<float>(i % 2);
  }
  const std::vector<std::string> old_names{"low", "high"};
  const std::vector<std::string> names{"high", "new", "empty"};
  const FamiliarFit fit = take_over_familiar(known, old_names, names, items);
  ASSERT_EQ(fit.classes, 3U);
  EXPECT_TRUE(std::equal(fit.means.begin(), fit.means.begin() + 2, before.means.begin() + 2));
  EXPECT_TRUE(std::equal(fit.precisions.begin(), fit.precisions.begin() + 4,
                         before.precisions.begin() + 4));
  EXPECT_FLOAT_EQ(fit.means[2], 50.0F);
  EXPECT_FLOAT_EQ(fit.means[3], 0.5F);
  EXPECT_NEAR(fit.means[4], 5.0, 0.1) << "the mean of all";
  const FamiliarFeatures familiar = written_and_read(fit);
  EXPECT_LT(familiar.mean_distance(items), 1.0);
  const std::array<float, 2> elsewhere{60.0F, 0.5F};
  EXPECT_GT(familiar.distance(elsewhere, 1), 20.0);
  EXPECT_THROW((void)take_over_familiar(known, names, old_names, items), Error);
}

TEST(familiar_features, refuse_tensors_of_another_model) {
  const std::vector<PlaceFeatures> all = places(1);
  const FamiliarFit fit = fit_familiar({&all[0]}, 2);
  const TempFolder folder;
  write_familiar(folder.path(), fit);
  const std::filesystem::path file = folder / kFamiliarFile;
  EXPECT_THROW(FamiliarFeatures(SafetensorsFile(file), 3, 2), Error);
  EXPECT_THROW(FamiliarFeatures(SafetensorsFile(file), 2, 3), Error);
}

}  // namespace
}  // namespace ptattn::test
