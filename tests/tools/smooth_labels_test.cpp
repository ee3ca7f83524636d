// How well ptattn-smooth --transfer brings the labels of a thinned scene back.

#include "smooth_fixture.hpp"

namespace ptattn::test {
namespace {

/// Share of right labels among the points whose labels were not known.
class Scene : public Smooth {
 protected:
  explicit Scene(const std::string& name)
      : path_(PTATTN_SOURCE_DIR "/samples/scenes/" + name), full_(read_cloud(path_)) {
    rows_ = random_rows(full_.size(), 0.1);
    put("known.ply", chosen(full_, rows_));
  }

  [[nodiscard]] double share_right(std::vector<std::string> options) const {
    options.insert(options.begin(), {path_, "--transfer", "classification", "--from",
                                     path("known.ply"), "--field", "label"});
    const PointCloud after = smoothed(options);
    std::vector<bool> known(full_.size(), false);
    for (const std::size_t i : rows_) known[i] = true;
    const auto labels = after.find("label")->values<std::uint8_t>();
    const auto truth = full_.find("classification")->values<std::uint8_t>();
    double right = 0.0;
    for (std::size_t i = 0; i < full_.size(); ++i) {
      if (!known[i] && labels[i] == truth[i]) right += 1.0;
    }
    return right / static_cast<double>(full_.size() - rows_.size());
  }
  /// Of the errors that copying from the nearest makes, at most that share stays.
  void expect_errors_left(double share) const {
    const double nearest = share_right({"--neighbors", "1", "--vertical", "1"});
    const double voted = share_right({});
    RecordProperty("nearest", std::to_string(nearest));
    RecordProperty("voted", std::to_string(voted));
    EXPECT_LT(1.0 - voted, share * (1.0 - nearest)) << nearest << ' ' << voted;
  }

 private:
  std::string path_;
  PointCloud full_;
  std::vector<std::size_t> rows_;
};

class DenseTown : public Scene {
 protected:
  DenseTown() : Scene("aerial_town.ply") {}
};
class SparseCoast : public Scene {
 protected:
  SparseCoast() : Scene("aerial_coast.ply") {}
};

TEST_F(DenseTown, labels_of_a_tenth_come_back_better_than_from_the_nearest) {
  expect_errors_left(0.8);
}

TEST_F(SparseCoast, labels_of_a_tenth_come_back_better_than_from_the_nearest) {
  expect_errors_left(0.6);
}

}  // namespace
}  // namespace ptattn::test
