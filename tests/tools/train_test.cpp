// ptattn-train as a user meets it, on a made-up village.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "program.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "scratch.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// Ground with houses on it, `side` metres, with a classification: 2 and 6, at times 1.
PointCloud village(std::size_t side, std::uint64_t seed) {
  Random random(seed);
  const std::size_t n = 4 * side * side;
  PointCloud cloud(n);
  for (const char* name : {"x", "y", "z"}) cloud.add(name, FieldType::kFloat64);
  cloud.add("classification", FieldType::kUInt8);
  const auto x = cloud.fields()[0].values<double>();
  const auto y = cloud.fields()[1].values<double>();
  const auto z = cloud.fields()[2].values<double>();
  const auto label = cloud.fields()[3].values<std::uint8_t>();
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = static_cast<double>(side) * random.uniform();
    y[i] = static_cast<double>(side) * random.uniform();
    const bool house = std::fmod(x[i], 24.0) < 10.0 && std::fmod(y[i], 24.0) < 10.0;
    z[i] = house ? 6.0 : 0.1 * random.uniform();
    label[i] = house ? 6 : random.uniform() < 0.02 ? 1 : 2;
    x[i] += 500'000.0;
  }
  return cloud;
}

class Train : public testing::Test {
 protected:
  Train() { fs::create_directories(folder() / "data"); }

  [[nodiscard]] Command command(std::vector<std::string> arguments) const {
    return {.program = PTATTN_TRAIN,
            .arguments = std::move(arguments),
            .folder = folder(),
            .models = PTATTN_SOURCE_DIR "/samples/models"};
  }
  [[nodiscard]] Finished train(std::vector<std::string> arguments) const {
    return run(command(std::move(arguments)));
  }
  /// A run so small that it takes seconds.
  [[nodiscard]] std::vector<std::string> small_run(const std::string& output) const {
    return {"data", "-o", output, "--size", "tiny", "--voxels-per-step", "600", "--steps", "6"};
  }
  void put_village(const std::string& name, std::uint64_t seed = 1) const {
    write_cloud(folder() / "data" / name, village(80, seed));
  }
  void expect_error(std::vector<std::string> arguments, int exit_code,
                    const std::string& line) const {
    const Finished finished = train(std::move(arguments));
    EXPECT_EQ(finished.exit_code, exit_code);
    EXPECT_EQ(finished.out, "");
    EXPECT_EQ(finished.err, "ptattn-train: " + line + "\n");
  }
  [[nodiscard]] fs::path folder() const { return scratch_.path() / "work"; }

 private:
  Scratch scratch_;
};

TEST_F(Train, help_fits_a_terminal) {
  const Finished finished = train({"--help"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.out, read_file(PTATTN_TEST_DIR "/tools/golden/ptattn-train_help.txt"));
  for (const std::string& line : lines_of(finished.out)) EXPECT_LE(line.size(), 80U) << line;
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

TEST_F(Train, refuses_a_missing_field) {
  put_village("a.ply");
  expect_error({"data", "--dry-run", "--truth", "label"}, 3,
               "data/a.ply: has no field \"label\" of one number per point to learn from, it has "
               "x, y, z, classification");
}

TEST_F(Train, refuses_a_value_that_means_nothing) {
  put_village("a.ply");
  write_file(folder() / "classes.txt", "2 ground\n6 building\n");
  expect_error({"data", "--dry-run", "--classes", "classes.txt"}, 3,
               "data/a.ply: holds 1 in \"classification\", which no class is named for, name it "
               "or \"* ignore\" in --classes");
}

TEST_F(Train, refuses_a_single_class) {
  put_village("a.ply");
  write_file(folder() / "classes.txt", "2 ground\n6 building\n");
  write_file(folder() / "one.txt", "2 ground\n* ignore\n");
  expect_error({"data", "--dry-run", "--classes", "one.txt"}, 3,
               "DATA: holds points of one class only, expected two or more");
}

TEST_F(Train, refuses_a_pattern_that_matches_nothing) {
  put_village("a.ply");
  expect_error({"data", "--dry-run", "--hold-out", "north*"}, 2,
               "--hold-out: matches none of the files");
}

TEST_F(Train, refuses_a_selection_that_matches_nothing) {
  put_village("a.ply");
  expect_error({"data", "--dry-run", "--select", "north*"}, 2,
               "--select: matches none of the files that are not held out");
}

TEST_F(Train, refuses_labels_that_are_no_whole_numbers) {
  PointCloud cloud = village(20, 1);
  Field& field = cloud.add("label", FieldType::kFloat32);
  field.values<float>()[3] = 0.5F;
  write_cloud(folder() / "data/a.ply", cloud);
  expect_error({"data", "--dry-run", "--truth", "label"}, 3,
               "data/a.ply: holds 0.500000 in \"label\", expected whole numbers");
}

TEST_F(Train, refuses_a_file_without_the_field_of_the_others) {
  put_village("a.ply");
  PointCloud bare(100);
  for (const char* name : {"x", "y", "z"}) bare.add(name, FieldType::kFloat32);
  write_cloud(folder() / "data/b.ply", bare);
  expect_error({"data", "--dry-run"}, 3,
               "data/b.ply: has no field \"classification\" of one number per point to learn from, "
               "it has x, y, z");
}

TEST_F(Train, refuses_a_file_that_names_no_class) {
  put_village("a.ply");
  write_file(folder() / "classes.txt", "# nothing yet\n");
  expect_error({"data", "--dry-run", "--classes", "classes.txt"}, 3, "classes.txt: names no class");
}

TEST_F(Train, refuses_networks_of_the_wrong_kind) {
  put_village("a.ply");
  expect_error({"data", "--dry-run", "--architecture", "pct"}, 2,
               "--architecture: pct names objects, this data has points");
  expect_error({"data", "--dry-run", "--init", "aerial", "--architecture", "volt"}, 2,
               "--architecture: does not go with --init, whose network expects its own");
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

TEST_F(Train, needs_an_output) {
  put_village("a.ply");
  expect_error({"data"}, 2, "--output: missing, name a folder for the model");
}

TEST_F(Train, leaves_a_model_that_segment_opens) {
  put_village("a.ply");
  const Finished finished = train(small_run("model"));
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.out, "");
  for (const char* name : {"config.json", "model.safetensors", "README.md", "training/log.jsonl",
                           "training/curve.png", "training/curve.svg", "training/checkpoint"}) {
    EXPECT_TRUE(fs::exists(folder() / "model" / name)) << name;
  }
  EXPECT_THAT(read_file(folder() / "model/README.md"), HasSubstr("| all points |"));
  EXPECT_FALSE(fs::exists(folder() / "model/training/candidate"));
  const std::string config = read_file(folder() / "model/config.json");
  EXPECT_THAT(config, HasSubstr("\"purpose\": \"labels points: ground, building\""));
  EXPECT_THAT(config, HasSubstr("\"terms\""));
  EXPECT_THAT(config, HasSubstr(" % on 1 held-out clouds\""));
  const std::string log = read_file(folder() / "model/training/log.jsonl");
  EXPECT_THAT(log, HasSubstr("\"part\":\"selection\""));
  EXPECT_THAT(log, HasSubstr("\"part\":\"held out\""));
  const Finished labelled =
      run({.program = PTATTN_SEGMENT,
           .arguments = {"data/a.ply", "-o", "out.ply", "--model", "model", "--codes", "asprs"},
           .folder = folder()});
  EXPECT_EQ(labelled.exit_code, 0) << labelled.err;
}

TEST_F(Train, calibrates_by_itself_and_on_demand) {
  put_village("a.ply");
  put_village("b.ply", 2);
  auto arguments = small_run("model");
  arguments.insert(arguments.end(), {"--hold-out", "b*"});
  ASSERT_EQ(train(arguments).exit_code, 0);
  EXPECT_THAT(read_file(folder() / "model/README.md"),
              HasSubstr("expected calibration error before: "));
  const std::string by_itself = read_file(folder() / "model/config.json");
  EXPECT_THAT(by_itself, HasSubstr("\"calibration\""));
  const std::string weights = read_file(folder() / "model/model.safetensors");
  const std::vector<std::string> score{"data", "--hold-out", "b*", "--score", "model"};
  const Finished before = train(score);
  const Finished finished = train({"data", "--hold-out", "b*", "--calibrate", "model"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("expected calibration error after: "));
  EXPECT_THAT(finished.out, testing::StartsWith(before.out));  // the same data, the same scores
  EXPECT_EQ(read_file(folder() / "model/config.json"), by_itself);
  EXPECT_EQ(read_file(folder() / "model/model.safetensors"), weights);
}

TEST_F(Train, learns_other_networks_over_voxels) {
  put_village("a.ply");
  for (const std::string name : {"litept", "volt"}) {
    auto arguments = small_run(name);
    arguments.insert(arguments.end(), {"--architecture", name});
    const Finished finished = train(arguments);
    ASSERT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_THAT(read_file(folder() / name / "config.json"), HasSubstr("\"" + name + "\""));
  }
}

TEST_F(Train, writes_numbers_as_asked_for) {
  put_village("a.ply");
  for (const std::string type : {"float16", "float32"}) {
    auto arguments = small_run(type);
    arguments.insert(arguments.end(), {"--weights", type});
    ASSERT_EQ(train(arguments).exit_code, 0);
  }
  const auto half = static_cast<double>(fs::file_size(folder() / "float16/model.safetensors"));
  const auto full = static_cast<double>(fs::file_size(folder() / "float32/model.safetensors"));
  EXPECT_NEAR(half / full, 0.5, 0.1);
}

TEST_F(Train, ends_when_patience_does) {
  put_village("a.ply");
  auto arguments = small_run("model");
  arguments.back() = "100000";
  arguments.insert(arguments.end(), {"--validate-steps", "1", "--patience", "1"});
  const Finished finished = train(arguments);
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(read_file(folder() / "model/README.md"), HasSubstr("the best on the clouds"));
}

TEST_F(Train, resumed_leaves_the_same_bytes) {
  put_village("a.ply");
  auto whole = small_run("whole");
  whole.insert(whole.end(), {"--validate-steps", "2"});
  ASSERT_EQ(train(whole).exit_code, 0);
  auto half = small_run("half");
  half.back() = "3";
  ASSERT_EQ(train(half).exit_code, 0);
  half.back() = "6";
  // The learning rate follows the share of the steps: only a run of the same length is the same.
  EXPECT_EQ(train(half).exit_code, 2);  // not without --resume
  auto again = small_run("again");
  again.insert(again.end(), {"--save-minutes", "0", "--validate-steps", "2"});
  {
    Process process(command(again));
    while (process.running() && !fs::exists(folder() / "again/training/checkpoint")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    process.signal(SIGKILL);
    (void)process.wait();
  }
  again.emplace_back("--resume");
  const Finished finished = train(again);
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(read_file(folder() / "again/model.safetensors"),
            read_file(folder() / "whole/model.safetensors"));
}

TEST_F(Train, interrupted_saves_and_says_so) {
  put_village("a.ply");
  auto arguments = small_run("model");
  arguments.back() = "100000";
  Process process(command(arguments));
  while (process.running() && !fs::exists(folder() / "model/training/log.jsonl")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  process.signal(SIGINT);
  const Finished finished = process.wait();
  EXPECT_EQ(finished.exit_code, 130);
  EXPECT_THAT(finished.err, HasSubstr("--resume goes on from there"));
  EXPECT_TRUE(fs::exists(folder() / "model/training/checkpoint"));
}

/// A village where a few points of houses are labelled as sheds and nothing else is.
PointCloud labelled_sheds() {
  PointCloud cloud = village(80, 1);
  const auto label = cloud.find("classification")->values<std::uint8_t>();
  std::size_t sheds = 0;
  for (std::uint8_t& x : label) x = x == 6 && sheds++ % 200 == 0 ? 40 : 1;
  return cloud;
}

TEST_F(Train, fits_a_head_to_few_labels) {
  write_cloud(folder() / "data/a.ply", labelled_sheds());
  put_village("b.ply", 2);
  for (const std::string head : {"linear", "attention"}) {
    const Finished finished = train({"data/a.ply", "-o", head, "--init", "aerial", "--add-class",
                                     "shed=40", "--freeze", "encoder", "--head", head});
    ASSERT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("without label, shed "));
    EXPECT_THAT(read_file(folder() / head / "README.md"), HasSubstr("nothing was held out"));
    const Finished labelled =
        run({.program = PTATTN_SEGMENT,
             .arguments = {"data/b.ply", "-o", "out.ply", "--model", head, "--format", "json"},
             .folder = folder()});
    ASSERT_EQ(labelled.exit_code, 0) << labelled.err;
    const PointCloud out = read_cloud(folder() / "out.ply");
    const auto truth = out.find("classification")->values<std::uint8_t>();
    std::size_t sheds = 0;
    std::size_t houses = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (truth[i] != 6) continue;
      ++houses;
      sheds += out.find("label")->as_double(i) == 6.0 ? 1 : 0;  // the class behind the model's six
    }
    EXPECT_GT(2 * sheds, houses) << head;
  }
}

TEST_F(Train, measures_a_fitted_head_on_what_is_held_out) {
  PointCloud cloud = village(80, 1);
  const auto label = cloud.find("classification")->values<std::uint8_t>();
  for (std::uint8_t& x : label) x = x == 6 ? 40 : x;
  write_cloud(folder() / "data/a.ply", labelled_sheds());
  write_cloud(folder() / "data/held.ply", cloud);
  const Finished finished = train({"data", "-o", "model", "--init", "aerial", "--add-class",
                                   "shed=40", "--freeze", "encoder", "--hold-out", "held*"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(read_file(folder() / "model/config.json"), HasSubstr("% on 1 held-out clouds"));
}

TEST_F(Train, refuses_a_frozen_encoder_of_nothing) {
  put_village("a.ply");
  expect_error({"data", "--dry-run", "--freeze", "encoder"}, 2,
               "--freeze: encoder needs --init, the model whose encoder it is");
  expect_error({"data", "--dry-run", "--init", "aerial", "--head", "attention"}, 2,
               "--head: needs --freeze encoder");
}

TEST_F(Train, adds_a_class_to_a_model_by_its_head_alone) {
  PointCloud cloud = village(80, 1);
  const auto label = cloud.find("classification")->values<std::uint8_t>();
  for (std::size_t i = 0; i < cloud.size(); i += 7) label[i] = label[i] == 6 ? 40 : label[i];
  write_cloud(folder() / "data/a.ply", cloud);
  const Finished finished =
      train({"data", "-o", "model", "--init", "aerial", "--add-class", "shed=40", "--freeze",
             "encoder", "--head", "gradient", "--voxels-per-step", "600", "--steps", "3"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("random at first, wholly or in part: seg_head"));
  const std::string config = read_file(folder() / "model/config.json");
  EXPECT_THAT(config, HasSubstr("\"shed\""));
  EXPECT_THAT(config, HasSubstr("\"water\""));
}

TEST_F(Train, refuses_to_add_a_class_to_nothing) {
  put_village("a.ply");
  expect_error({"data", "--dry-run", "--add-class", "shed=40"}, 2,
               "--add-class: needs --init, the model that it is added to");
  expect_error({"data", "--dry-run", "--init", "aerial", "--add-class", "shed"}, 2,
               "--add-class: is \"shed\", expected NAME=VALUE");
  expect_error({"data", "--dry-run", "--init", "aerial", "--add-class", "water=3"}, 2,
               "--add-class: names \"water\", which the model has");
}

TEST_F(Train, learns_objects_by_the_folders_they_lie_in) {
  for (int i = 0; i < 12; ++i) {
    const std::string name = std::to_string(i) + ".ply";
    write_file(folder() / "data/egg" / name, ply_shape(300, 1 + static_cast<unsigned>(i)));
    write_file(folder() / "data/disc" / name, ply_shape(300, 100 + static_cast<unsigned>(i)));
  }
  const Finished finished =
      train({"data", "-o", "model", "--size", "tiny", "--objects-per-step", "2", "--steps", "2"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(read_file(folder() / "model/README.md"), HasSubstr("Names objects: disc, egg"));
  const Finished named = run({.program = PTATTN_CLASSIFY,
                              .arguments = {"--model", "model", "data/egg/1.ply"},
                              .folder = folder()});
  EXPECT_EQ(named.exit_code, 0) << named.err;
}

TEST_F(Train, scores_a_shipped_model) {
  put_village("a.ply");
  const Finished finished = train({"data", "--score", "aerial"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("| all points |"));
  EXPECT_THAT(finished.out, HasSubstr("a (held-out part) sparse tilted"));
}

}  // namespace
}  // namespace ptattn::test
