// How well ptattn-smooth --transfer brings the labels of a thinned scene back.

#include "smooth_fixture.hpp"

namespace ptattn::test {
namespace {

TEST_F(Smooth, LabelsOfATenthComeBackBetterThanFromTheNearest) {
  const PointCloud full = read_cloud(PTATTN_SOURCE_DIR "/samples/scenes/aerial_town.ply");
  const auto rows = random_rows(full.size(), 0.1);
  put("known.ply", chosen(full, rows));
  std::vector<bool> known(full.size(), false);
  for (const std::size_t i : rows) known[i] = true;
  const auto share_right = [&](std::vector<std::string> options) {
    options.insert(options.begin(),
                   {PTATTN_SOURCE_DIR "/samples/scenes/aerial_town.ply", "--transfer",
                    "classification", "--from", path("known.ply"), "--as", "label"});
    const PointCloud after = smoothed(options);
    double right = 0.0;
    for (std::size_t i = 0; i < full.size(); ++i) {
      if (known[i]) continue;
      right += after.find("label")->as_double(i) == full.find("classification")->as_double(i);
    }
    return right / static_cast<double>(full.size() - rows.size());
  };
  const double nearest = share_right({"--k", "1", "--vertical", "1"});
  const double voted = share_right({});
  RecordProperty("nearest", std::to_string(nearest));
  RecordProperty("voted", std::to_string(voted));
  EXPECT_LT(1.0 - voted, 0.8 * (1.0 - nearest)) << nearest << ' ' << voted;
  EXPECT_GT(voted, 0.9);
}

}  // namespace
}  // namespace ptattn::test
