#include "ptattn/survey/point_spool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "../io/temp_folder.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/survey/sort_points.hpp"

namespace ptattn::test {
namespace {

const std::string kTown = PTATTN_SOURCE_DIR "/samples/scenes/aerial_town.ply";

class PointSpools : public testing::Test {
 protected:
  PointSpools() { folder_.make(); }

  /// A spool of the town, written in pieces.
  [[nodiscard]] std::unique_ptr<PointSpool> spool() const {
    const auto stream = open_cloud_stream(kTown);
    const PointLayout layout{.fields = {{"intensity", FieldType::kUInt16, 1}}};
    auto spool = std::make_unique<PointSpool>(*stream, layout, folder_);
    for (PointCloud piece = stream->next(20'000); !piece.empty(); piece = stream->next(20'000)) {
      spool->add(piece);
    }
    return spool;
  }
  [[nodiscard]] std::ptrdiff_t files() const {
    return std::distance(std::filesystem::directory_iterator(folder_.path()), {});
  }

  TempFolder scratch_;
  SurveyFolder folder_{scratch_ / "survey"};
};

TEST_F(PointSpools, give_back_coordinates_and_fields_as_often_as_asked) {
  const PointCloud town = read_cloud(kTown);
  const auto spool = this->spool();
  EXPECT_EQ(spool->shape().size(), town.size());
  EXPECT_EQ(spool->head().name(), kTown);
  const auto positions = town.positions();
  for (const std::size_t least : {1U, 30'000U, 1'000'000U}) {
    spool->rewind();
    std::size_t seen = 0;
    for (PointCloud piece = spool->next(least); !piece.empty(); piece = spool->next(least)) {
      ASSERT_GE(piece.size(), std::min(least, town.size() - seen));
      ASSERT_EQ(piece.fields().size(), 4U);
      const auto intensity = piece.find("intensity")->values<std::uint16_t>();
      const auto here = piece.positions();
      for (std::size_t i = 0; i < piece.size(); ++i, ++seen) {
        ASSERT_EQ(here[i], positions[seen]);
        ASSERT_EQ(intensity[i], town.find("intensity")->values<std::uint16_t>()[seen]);
      }
    }
    EXPECT_EQ(seen, town.size());
  }
}

TEST_F(PointSpools, files_go_when_they_are_read_or_no_longer_needed) {
  {
    const auto spool = this->spool();
    EXPECT_EQ(files(), 3);
    while (!spool->next(1).empty()) continue;
    EXPECT_EQ(files(), 3);
  }
  EXPECT_EQ(files(), 0);
  const auto spool = this->spool();
  spool->remove_what_is_read();
  (void)spool->next(20'000);
  EXPECT_EQ(files(), 2);
  while (!spool->next(1).empty()) continue;
  EXPECT_EQ(files(), 0);
}

TEST_F(PointSpools, a_file_that_was_cut_short_is_named) {
  const auto spool = this->spool();
  std::filesystem::resize_file(folder_.spool(1), 100);
  try {
    (void)spool->next(1'000'000);
    FAIL() << "was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kInput);
    EXPECT_THAT(error.what(), testing::HasSubstr(folder_.spool(1).string()));
  }
}

}  // namespace
}  // namespace ptattn::test
