// Clouds labelled tile by tile from scratch files, against the same clouds labelled as a whole.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "../io/temp_folder.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/survey/label_tile.hpp"
#include "ptattn/survey/make_plan.hpp"
#include "ptattn/survey/survey_labels.hpp"
#include "ptattn/survey/survey_pieces.hpp"

namespace ptattn::test {
namespace {

const std::string kCoast = PTATTN_SOURCE_DIR "/samples/scenes/aerial_coast.laz";
const std::string kTown = PTATTN_SOURCE_DIR "/samples/scenes/aerial_town.ply";

class Survey : public testing::Test {
 protected:
  /// The whole way, as a tool takes it.
  [[nodiscard]] Segmentation label(const std::string& path, const SegmentOptions& options,
                                   const CloudFrame& frame = {}) {
    const auto stream = open_cloud_stream(path);
    folder_.make();
    plan_ = make_plan(take_in(*stream, aerial_, options, folder_), aerial_,
                      {"key", "a test", frame, options}, folder_);
    EXPECT_EQ(read_plan_key(folder_), "key");
    const SurveyPlan read = read_plan(folder_);
    const TileLabeler labeler(read, folder_, aerial_, options);
    for (std::size_t t = read.tiles.size(); t-- > 0;) (void)labeler.label(t);  // in any order
    SurveyLabels labels(read, folder_, 1U << 20U);
    Segmentation all;
    stream->rewind();
    for (PointCloud piece = stream->next(1000); !piece.empty(); piece = stream->next(1000)) {
      const Segmentation some = labels.next(piece);
      for (const std::uint32_t i : some.strays) {
        all.strays.push_back(static_cast<std::uint32_t>(all.labels.size()) + i);
      }
      all.labels.insert(all.labels.end(), some.labels.begin(), some.labels.end());
      all.confidence.insert(all.confidence.end(), some.confidence.begin(), some.confidence.end());
      all.valid.insert(all.valid.end(), some.valid.begin(), some.valid.end());
    }
    all.voxels = labels.summary().voxels;
    all.mean_confidence = labels.summary().confidence / static_cast<double>(all.labels.size());
    return all;
  }

  static double agreement(const Segmentation& a, const Segmentation& b) {
    EXPECT_EQ(a.labels.size(), b.labels.size());
    std::size_t same = 0;
    for (std::size_t i = 0; i < a.labels.size(); ++i) same += a.labels[i] == b.labels[i] ? 1 : 0;
    return static_cast<double>(same) / static_cast<double>(a.labels.size());
  }

  static SegmentOptions with_memory(std::size_t bytes) {
    SegmentOptions options;
    options.tiling.memory = bytes;
    return options;
  }

  TempFolder scratch_;
  SurveyFolder folder_{scratch_ / "survey"};
  SegmenterModel aerial_ = load_segmenter(PTATTN_SOURCE_DIR "/samples/models/aerial");
  SurveyPlan plan_;
};

TEST_F(Survey, one_tile_gives_the_labels_and_confidences_of_the_whole) {
  const PointCloud cloud = read_cloud(kCoast);
  const Segmentation whole = segment(aerial_, cloud, with_memory(std::size_t{4} << 30U));
  const Segmentation found = label(kCoast, with_memory(std::size_t{4} << 30U));
  EXPECT_EQ(plan_.tiles.size(), 1U);
  EXPECT_EQ(found.labels, whole.labels);
  EXPECT_EQ(found.confidence, whole.confidence);
  EXPECT_EQ(found.valid, whole.valid);
  EXPECT_EQ(found.voxels, whole.voxels);
  EXPECT_NEAR(found.mean_confidence, whole.mean_confidence, 1e-6);
}

TEST_F(Survey, many_tiles_give_nearly_the_labels_of_the_whole) {
  for (const std::string& path : {kCoast, kTown}) {
    SCOPED_TRACE(path);
    const Segmentation whole =
        segment(aerial_, read_cloud(path), with_memory(std::size_t{4} << 30U));
    const Segmentation found = label(path, with_memory(1U << 20U));
    EXPECT_GE(plan_.tiles.size(), 4U);
    EXPECT_EQ(found.voxels, whole.voxels);
    EXPECT_EQ(found.valid, whole.valid);
    EXPECT_GE(agreement(found, whole), 0.997);
  }
}

TEST_F(Survey, headings_have_patches_of_their_own) {
  SegmentOptions options = with_memory(1U << 20U);
  options.votes = 2;
  SegmentOptions of_whole = options;
  of_whole.tiling.memory = 0;
  const Segmentation whole = segment(aerial_, read_cloud(kCoast), of_whole);
  EXPECT_GE(agreement(label(kCoast, options), whole), 0.997);
}

TEST_F(Survey, same_labels_for_any_thread_count) {
  std::vector<Segmentation> found;
  for (const int threads : {1, 2}) {
    const ThreadLimit limit(threads);
    found.push_back(label(kCoast, with_memory(1U << 20U)));
  }
  EXPECT_EQ(found[0].labels, found[1].labels);
  EXPECT_EQ(found[0].confidence, found[1].confidence);
}

TEST_F(Survey, holes_and_strays_are_left_out_as_in_the_whole) {
  PointCloud cloud = read_cloud(kTown);
  Field& z = *cloud.find("z");
  visit_type(z.type(), [&]<class T>(T) {
    z.values<T>()[10] = static_cast<T>(9000.0);
    if constexpr (std::is_floating_point_v<T>) {
      z.values<T>()[77] = std::numeric_limits<T>::quiet_NaN();
    }
  });
  write_cloud(scratch_ / "odd.ply", cloud);
  const Segmentation whole = segment(aerial_, read_cloud(scratch_ / "odd.ply"), with_memory(0));
  const Segmentation found = label((scratch_ / "odd.ply").string(), with_memory(1U << 20U));
  EXPECT_EQ(whole.strays, std::vector<std::uint32_t>{10});
  EXPECT_EQ(found.strays, whole.strays);
  EXPECT_EQ(found.valid, whole.valid);
  EXPECT_FALSE(found.valid[77]);
  EXPECT_GE(agreement(found, whole), 0.997);
}

TEST_F(Survey, a_cloud_of_too_few_points_is_refused) {
  PointCloud cloud(3);
  for (const char* const axis : {"x", "y", "z"}) {
    for (float& x : cloud.add(axis, FieldType::kFloat32).values<float>()) {
      x = std::numeric_limits<float>::quiet_NaN();
    }
  }
  write_cloud(scratch_ / "nan.ply", cloud);
  try {
    (void)label((scratch_ / "nan.ply").string(), with_memory(1U << 20U));
    FAIL() << "was labelled";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kInput);
    EXPECT_THAT(error.what(), testing::HasSubstr("has 0 points with finite coordinates"));
  }
}

TEST_F(Survey, a_folder_loses_its_own_files_alone) {
  (void)label(kCoast, with_memory(std::size_t{4} << 30U));
  put(folder_.path() / "mine.txt", "kept");
  put(folder_.path() / ".points.12.0.tmp", "left by a killed run");
  folder_.remove();
  EXPECT_EQ(contents(folder_.path() / "mine.txt"), "kept");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
  std::filesystem::remove(folder_.path() / "mine.txt");
  folder_.remove();
  EXPECT_FALSE(std::filesystem::exists(folder_.path()));
}

TEST_F(Survey, damaged_plans_and_labels_are_named) {
  (void)label(kCoast, with_memory(std::size_t{4} << 30U));
  const std::string labels = contents(folder_.labels(0));
  put(folder_.labels(0), labels.substr(0, labels.size() - 1));
  EXPECT_THROW(SurveyLabels(plan_, folder_, 1000), Error);
  put(folder_.labels(0), labels);
  const std::string plan = contents(folder_.plan());
  for (const std::size_t size : {0U, 1U, 100U}) {
    put(folder_.plan(), plan.substr(0, size));
    EXPECT_EQ(read_plan_key(folder_), "");
    EXPECT_THROW((void)read_plan(folder_), Error);
  }
}

}  // namespace
}  // namespace ptattn::test
