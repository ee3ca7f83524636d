// The options of ptattn-train, and what it finds in the data before it trains.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>

#include "train_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(Train, help_and_version_are_known) {
  expect_known_help_and_version();
}

TEST_F(Train, models_are_listed) {
  const Finished finished = run_tool({"--list-models"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.out, HasSubstr("tiny  pct_cls  5 classes"));
  EXPECT_EQ(finished.err, "");
}

TEST_F(Train, misspelt_ones_and_misspelt_models_are_suggested) {
  expect_errors({{{"data", "--outputt", "m"}, "--outputt: unknown option, did you mean --output?"},
                 {{"data", "-o", ""}, "--output: the name is empty, see --help"}});
  const Finished finished = run_tool({"data", "-o", "m", "--init", "tinny", "--dry-run"});
  EXPECT_EQ(finished.exit_code, 4);
  EXPECT_THAT(finished.err, HasSubstr(", did you mean tiny?\n"));
}

TEST_F(Train, options_that_do_not_go_together_are_refused) {
  put_village("a.ply");
  expect_errors({
      {{"data"}, "--output: missing, name a folder for the model"},
      {{"data", "--dry-run", "--hold-out", "north*"}, "--hold-out: matches none of the files"},
      {{"data", "--dry-run", "--select", "north*"},
       "--select: matches none of the files that are not held out"},
      {{"data", "--dry-run", "--architecture", "pct"},
       "--architecture: pct names objects, this data has points"},
      {{"data", "--dry-run", "--init", "aerial", "--architecture", "volt"},
       "--architecture: cannot be used with --init, whose network has its own"},
      {{"data", "--dry-run", "--architecture", "volt", "--block-rate", "0.5"},
       "--block-rate: is for ptv3 and litept, the network is volt"},
      {{"data", "--dry-run", "--freeze", "encoder"},
       "--freeze: encoder needs --init, the model whose encoder it is"},
      {{"data", "--dry-run", "--init", "aerial", "--head", "attention"},
       "--head: needs --freeze encoder"},
      {{"data", "--dry-run", "--add-class", "shed=40"},
       "--add-class: needs --init, the model that it is added to"},
      {{"data", "--dry-run", "--init", "aerial", "--add-class", "shed"},
       "--add-class: is \"shed\", expected NAME=VALUE"},
      {{"data", "--dry-run", "--init", "aerial", "--add-class", "wire=3"},
       "--add-class: names \"wire\", which the model has"},
      {{"data", "--dry-run", "--drop-class", "wire"},
       "--drop-class: needs --init, the model that it is taken from"},
      {{"data", "--dry-run", "--init", "aerial", "--drop-class", "wir"},
       "--drop-class: names \"wir\", which the model lacks, did you mean wire?"},
  });
}

TEST_F(Train, maps_and_classes_that_say_nothing_are_refused) {
  put_village("a.ply");
  put("classes.txt", "2 ground\n6 building\n* ignore\n");
  put("mixed.txt", "x ground\n6 building\n* ignore\n");
  put("good.json", R"({"a": {"map": {"2": "ground", "6": "building", "*": "ignore"}}})");
  put("other.json", R"({"ab": {"map": {"2": "ground", "6": "building", "*": "ignore"}}})");
  put("typo.json", R"({"a": {"mapp": {"2": "ground", "6": "building", "*": "ignore"}}})");
  const std::vector<std::string> with_classes{"data", "--dry-run", "--classes", "classes.txt"};
  const auto with_maps = [&](const char* const maps) {
    std::vector<std::string> arguments = with_classes;
    arguments.insert(arguments.end(), {"--maps", maps});
    return arguments;
  };
  EXPECT_EQ(train(with_maps("good.json")).exit_code, 0);
  expect_error(with_maps("other.json"), 3, "other.json: names none of the clouds, but \"ab\"");
  expect_error(with_maps("typo.json"), 3, "typo.json: has no \"map\" for a");
  expect_error({"data", "--dry-run", "--maps", "good.json"}, 2,
               "--maps: needs --classes FILE, which names the classes");
  expect_error({"data", "--dry-run", "--classes", "mixed.txt"}, 3,
               "mixed.txt: names \"x ground\" without a value, and other classes with one");
}

TEST_F(Train, data_that_teaches_nothing_is_refused) {
  put_village("a.ply");
  for (const char* const name : {"mixed", "halves"}) {
    std::filesystem::create_directories(folder() / name);
  }
  PointCloud bare(100);
  for (const char* const name : {"x", "y", "z"}) bare.add(name, FieldType::kFloat32);
  write_cloud(folder() / "mixed/a.ply", village(80, 1));
  write_cloud(folder() / "mixed/b.ply", bare);
  PointCloud halves = village(20, 1);
  halves.add("label", FieldType::kFloat32).values<float>()[3] = 0.5F;
  write_cloud(folder() / "halves/a.ply", halves);
  put("classes.txt", "2 ground\n6 building\n");
  put("one.txt", "2 ground\n* ignore\n");
  put("none.txt", "# nothing yet\n");
  expect_errors({
      {{"data", "--dry-run", "--truth", "label"},
       "data/a.ply: has no field \"label\" of one number per point to learn from, it has "
       "x, y, z, classification",
       3},
      {{"mixed", "--dry-run"},
       "mixed/b.ply: has no field \"classification\" of one number per point to learn from, it has "
       "x, y, z",
       3},
      {{"halves", "--dry-run", "--truth", "label"},
       "halves/a.ply: holds 0.500000 in \"label\", expected whole numbers",
       3},
      {{"data", "--dry-run", "--classes", "classes.txt"},
       "data/a.ply: holds 1 in \"classification\", for which no class is named, name one or \"* "
       "ignore\" in --classes",
       3},
      {{"data", "--dry-run", "--classes", "one.txt"},
       "DATA: holds points of one class only, expected two or more",
       3},
      {{"data", "--dry-run", "--classes", "none.txt"}, "none.txt: names no class", 3},
  });
}

TEST_F(Train, plans_by_a_look_at_the_data) {
  put_village("a.ply");
  put_village("b.ply", 2);
  const Finished finished = train({"data", "--dry-run"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("training: 2 clouds"));
  EXPECT_THAT(finished.out, HasSubstr("voxels of 0.50 m: land seen from above"));
  EXPECT_THAT(finished.out, HasSubstr("building"));
  EXPECT_THAT(finished.out, HasSubstr("the last seventh of every file"));
  EXPECT_THAT(finished.out, HasSubstr("selection: the first tenth of 2 files"));
  EXPECT_THAT(finished.out, HasSubstr("length: 60 minutes of"));
  EXPECT_THAT(finished.out, HasSubstr("learning rate 0.0030, 0.0003 in blocks, seed"));
  const std::string volt = train({"data", "--dry-run", "--architecture", "volt"}).out;
  EXPECT_THAT(volt, HasSubstr("learning rate 0.0030, seed"));  // at one rate everywhere
  EXPECT_THAT(finished.out, Not(HasSubstr("not ground")));     // a label of stray points alone
  EXPECT_THAT(train({"data", "--dry-run", "--minutes", "1.2"}).out,
              HasSubstr("length: 1.2 minutes of"));
}

TEST_F(Train, selects_by_the_clouds_named) {
  put_village("a.ply");
  put_village("b.ply", 2);
  const Finished finished = train({"data", "--dry-run", "--select", "b*"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("training: 1 clouds"));
  EXPECT_THAT(finished.out, HasSubstr("selection: 1 clouds"));
  EXPECT_THAT(train({"data", "--dry-run", "--select", "none"}).out, Not(HasSubstr("selection:")));
}

TEST_F(Train, selection_leaves_the_last_points_of_a_class) {
  PointCloud cloud = village(80, 1);
  const auto x = cloud.find("x")->values<double>();
  const auto label = cloud.find("classification")->values<std::uint8_t>();
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    if (x[i] < 500'004.0) label[i] = 9;  // in the first tenth only
  }
  write_cloud(folder() / "data/a.ply", cloud);
  const Finished finished = train({"data", "--dry-run"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("water"));
  EXPECT_THAT(finished.out, Not(HasSubstr("no point to learn it from")));
}

TEST_F(Train, reads_asprs_codes_from_any_field_and_format) {
  PointCloud cloud = village(80, 1);
  Field& mine = cloud.add("mine", FieldType::kUInt8);
  std::ranges::copy(cloud.find("classification")->values<std::uint8_t>(),
                    mine.values<std::uint8_t>().begin());
  write_cloud(folder() / "data/a.laz", cloud);
  EXPECT_THAT(train({"data", "--dry-run"}).out, HasSubstr("ground"));
  EXPECT_THAT(train({"data", "--dry-run", "--truth", "mine"}).out, HasSubstr("class 6"));
  EXPECT_THAT(train({"data", "--dry-run", "--truth", "mine", "--classes", "asprs"}).out,
              HasSubstr("building"));
}

TEST_F(Train, says_which_classes_have_no_points) {
  put_village("a.ply");
  write_file(folder() / "classes.txt", "2 ground\n6 building\n9 water\n* ignore\n");
  const Finished finished = train({"data", "--dry-run", "--classes", "classes.txt"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("no point to learn it from"));
}

TEST_F(Train, refuses_a_folder_without_clouds) {
  const Finished finished = train({"data", "--dry-run"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_EQ(lines_of(finished.err).size(), 1U) << finished.err;
}

}  // namespace
}  // namespace ptattn::test
