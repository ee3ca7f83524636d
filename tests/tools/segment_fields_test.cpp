// The fields that ptattn-segment keeps, adds and replaces, in clouds of every format.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "segment_fixture.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST_F(Segment, every_field_is_kept_and_the_new_ones_stand_behind) {
  const Finished finished = segment({kTown, "-o", "out.ply", "--probabilities", "--colorize"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const PointCloud before = read_cloud(kTown);
  const PointCloud after = cloud("out.ply");
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t f = 0; f < before.fields().size(); ++f) {
    const Field& a = before.fields()[f];
    const Field& b = after.fields()[f];
    EXPECT_EQ(a.name(), b.name());
    EXPECT_EQ(a.type(), b.type());
    EXPECT_TRUE(std::ranges::equal(a.bytes(), b.bytes())) << a.name();
  }
  std::vector<std::string> added;
  for (std::size_t f = before.fields().size(); f < after.fields().size(); ++f) {
    added.push_back(after.fields()[f].name());
  }
  EXPECT_EQ(added, (std::vector<std::string>{"label", "confidence", "entropy", "margin", "p_ground",
                                             "p_vegetation", "p_building", "p_other", "p_wire",
                                             "p_tower", "red", "green", "blue"}));
  const auto labels = after.find("label")->values<std::uint32_t>();
  const auto confidence = after.find("confidence")->values<float>();
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto p = after.fields()[before.fields().size() + 4 + labels[i]].values<float>();
    ASSERT_EQ(p[i], confidence[i]);
  }
}

TEST_F(Segment, asprs_codes_for_las_files) {
  ASSERT_EQ(segment({kTown, "-o", "out.pcd", "--prefix", "new_", "--codes", "asprs"}).exit_code, 0);
  const PointCloud out = cloud("out.pcd");
  const auto codes = out.find("new_label")->values<std::uint8_t>();
  EXPECT_GT(std::ranges::count(codes, 2), 500);
  EXPECT_GT(std::ranges::count(codes, 6), 100);
  EXPECT_EQ(std::ranges::count(codes, 0), 0);
}

TEST_F(Segment, probabilities_in_las_files_are_those_of_ply_files_to_four_digits) {
  const std::string tile = PTATTN_TEST_DIR "/data/las/outside/simple.laz";
  for (const char* const name : {"out.laz", "out.las", "out.ply"}) {
    ASSERT_EQ(segment({tile, "-o", name, "--probabilities"}).exit_code, 0);
  }
  const PointCloud exact = cloud("out.ply");
  for (const char* const name : {"out.laz", "out.las"}) {
    const PointCloud rounded = cloud(name);
    for (const char* const field : {"confidence", "entropy", "margin", "p_ground", "p_tower"}) {
      ASSERT_NE(rounded.find(field), nullptr) << field;
      EXPECT_EQ(rounded.find(field)->type(), FieldType::kFloat64) << "of 16 bits with a scale";
      for (std::size_t i = 0; i < exact.size(); ++i) {
        const double value = exact.find(field)->as_double(i);
        ASSERT_EQ(rounded.find(field)->as_double(i), std::nearbyint(value / 1e-4) * 1e-4) << field;
      }
    }
  }
  ASSERT_EQ(segment({"out.laz", "-o", "twice.laz", "--probabilities", "--replace"}).exit_code, 0);
  const PointCloud twice = cloud("twice.laz");
  EXPECT_TRUE(std::ranges::equal(twice.find("entropy")->bytes(),
                                 cloud("out.laz").find("entropy")->bytes()));
}

TEST_F(Segment, labels_of_las_files_are_asprs_codes_in_classification_and_all_else_stays) {
  const std::string tile = PTATTN_TEST_DIR "/data/las/outside/simple.laz";
  const Finished finished = segment({tile, "-o", "out.laz"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const PointCloud before = read_cloud(tile);
  const PointCloud after = cloud("out.laz");
  ASSERT_EQ(after.fields().size(), before.fields().size() + 3);
  for (std::size_t f = 0; f < before.fields().size(); ++f) {
    const Field& a = before.fields()[f];
    const Field& b = after.fields()[f];
    EXPECT_EQ(a.name(), b.name());
    if (a.name() == "classification") continue;
    EXPECT_TRUE(std::ranges::equal(a.bytes(), b.bytes())) << a.name();
  }
  for (const std::uint8_t code : after.find("classification")->values<std::uint8_t>()) {
    EXPECT_THAT(code, testing::AnyOf(1, 2, 5, 6, 9, 17));
  }
  EXPECT_NE(after.find("confidence"), nullptr);
}

TEST_F(Segment, classification_in_any_spelling_holds_asprs_codes) {
  PointCloud bare = read_cloud(kTown);
  std::erase_if(bare.fields(), [](const Field& f) { return f.name() == "classification"; });
  write_cloud(folder() / "bare.ply", bare);
  for (const std::string name : {"Classification", "scalar_Classification"}) {
    const Finished finished = segment({"bare.ply", "-o", name + ".ply", "--field", name});
    ASSERT_EQ(finished.exit_code, 0) << finished.err;
    const PointCloud cloud = this->cloud(name + ".ply");
    std::set<double> codes;
    for (std::size_t i = 0; i < cloud.size(); ++i) codes.insert(cloud.find(name)->as_double(i));
    EXPECT_TRUE(codes.contains(2) && codes.contains(5) && codes.contains(6)) << name;
    EXPECT_FALSE(codes.contains(0)) << name;
  }
}

TEST_F(Segment, other_clouds_become_las_files_of_the_scale_and_system_wanted) {
  const Finished finished =
      segment({kTown, "-o", "out.las", "--las-scale", "0.01", "--crs", "EPSG:2154"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const PointCloud after = cloud("out.las");
  const LasMetadata& las = *after.metadata().las;
  ASSERT_FALSE(las.records.empty());
  EXPECT_EQ(las.records[0].record_id, 34735);
  double scale = 0.0;
  std::memcpy(&scale, las.header.data() + 131, sizeof scale);
  EXPECT_EQ(scale, 0.01);
}

TEST_F(Segment, options_for_las_files_made_of_other_clouds_say_that_a_las_file_stays_as_it_is) {
  const std::string tile = PTATTN_TEST_DIR "/data/las/outside/simple.las";
  const Finished finished =
      segment({tile, "-o", "out.las", "--las-scale", "0.5", "--crs", "EPSG:2154"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("keeps the scale that it has, without --las-scale"));
  EXPECT_THAT(finished.err, HasSubstr("keeps the reference system that it has, without --crs"));
  const Finished plain = segment({tile, "-o", "plain.las"});
  EXPECT_THAT(plain.err, testing::Not(HasSubstr("keeps the")));
}

TEST_F(Segment, truncated_laz_files_are_refused_or_salvaged) {
  const std::string whole = read_file(PTATTN_TEST_DIR "/data/las/outside/simple.laz");
  std::ofstream(folder() / "half.laz", std::ios::binary) << whole.substr(0, whole.size() / 2);
  EXPECT_THAT(segment({"half.laz", "-o", "out.laz"}).err, HasSubstr("the file is truncated"));
  const Finished saved = segment({"half.laz", "-o", "out.laz", "--salvage"});
  EXPECT_EQ(saved.exit_code, 0) << saved.err;
  EXPECT_THAT(saved.err, HasSubstr("of 1065 points are intact and were read"));
}

TEST_F(Segment, taken_names_are_refused) {
  expect_usage_error({kTown, "-o", "out.ply", "--field", "classification"},
                     kTown +
                         ": has a field classification already, choose another name with "
                         "--prefix, or use --replace");
  EXPECT_FALSE(fs::exists(folder() / "out.ply"));
}

TEST_F(Segment, names_of_two_fields_are_refused_before_the_work) {
  expect_usage_error({kTown, "-o", "out.ply", "--field", "margin"},
                     "--field: margin is the name of another field, expected one of its own");
  expect_usage_error({kTown, "-o", "out.ply", "--field", "red", "--colorize"},
                     "--field: red is the name of another field, expected one of its own");
  expect_usage_error({kTown, "-o", "out.ply", "--field", "z", "--replace"},
                     "--field: z is the name of another field, expected one of its own");
}

TEST_F(Segment, replace_writes_a_classification_where_it_stood) {
  const PointCloud before = read_cloud(kTown);
  ASSERT_EQ(segment({kTown, "-o", "out.ply", "--field", "classification", "--replace"}).exit_code,
            0);
  const PointCloud after = cloud("out.ply");
  ASSERT_EQ(after.fields().size(), before.fields().size() + 3);
  std::size_t changed = 0;
  for (std::size_t f = 0; f < before.fields().size(); ++f) {
    const Field& a = before.fields()[f];
    const Field& b = after.fields()[f];
    EXPECT_EQ(a.name(), b.name());
    EXPECT_EQ(a.type(), b.type());
    if (std::ranges::equal(a.bytes(), b.bytes())) continue;
    ++changed;
    EXPECT_EQ(a.name(), "classification");
  }
  EXPECT_EQ(changed, 1U);
  // The same codes as in a field of their own.
  ASSERT_EQ(segment({kTown, "-o", "own.ply", "--field", "own", "--codes", "asprs"}).exit_code, 0);
  EXPECT_TRUE(std::ranges::equal(after.find("classification")->bytes(),
                                 cloud("own.ply").find("own")->bytes()));
}

TEST_F(Segment, replace_may_run_on_its_own_output) {
  ASSERT_EQ(segment({kTown, "-o", "one.ply", "--colorize", "--probabilities"}).exit_code, 0);
  ASSERT_EQ(
      segment({"one.ply", "-o", "two.ply", "--colorize", "--probabilities", "--replace"}).exit_code,
      0);
  std::string two = get("two.ply");
  const std::string said = "comment ptattn option replace\n";
  ASSERT_NE(two.find(said), std::string::npos);
  EXPECT_EQ(get("one.ply"), two.erase(two.find(said), said.size()));
}

TEST_F(Segment, replace_gives_another_type_where_the_old_one_does_not_fit) {
  PointCloud town = read_cloud(kTown);
  town.add("label", FieldType::kInt8);
  town.add("confidence", FieldType::kUInt8);
  town.add("entropy", FieldType::kFloat64);
  town.add("margin", FieldType::kFloat32, 3);
  write_cloud(folder() / "in.pcd", town);
  ASSERT_EQ(segment({"in.pcd", "-o", "out.pcd", "--replace"}).exit_code, 0);
  const PointCloud out = cloud("out.pcd");
  EXPECT_EQ(out.fields().size(), town.fields().size());
  EXPECT_EQ(out.find("label")->type(), FieldType::kInt8);  // holds six classes
  EXPECT_EQ(out.find("confidence")->type(), FieldType::kFloat32);
  EXPECT_GT(out.find("confidence")->values<float>()[0], 0.0F);
  EXPECT_EQ(out.find("entropy")->type(), FieldType::kFloat64);
  EXPECT_EQ(out.find("margin")->count(), 1U);
}

}  // namespace
}  // namespace ptattn::test
