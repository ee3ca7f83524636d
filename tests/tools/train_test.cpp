// Runs of ptattn-train on a made-up village: what they write, resumed and interrupted ones, heads.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "train_fixture.hpp"

namespace ptattn::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// Waits until the process has written the file, or has ended.
void wait_for_file(Process& process, const fs::path& path) {
  while (process.running() && !fs::exists(path)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
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

TEST_F(Train, sees_what_is_usual_in_what_the_model_has_learnt_from_as_well) {
  put_village("a.ply");
  put_village("b.ply", 2);
  auto arguments = small_run("model");
  arguments.insert(arguments.end(), {"--hold-out", "b*"});
  ASSERT_EQ(train(arguments).exit_code, 0);
  EXPECT_THAT(read_file(folder() / "model/config.json"), Not(HasSubstr("\"usual\"")))
      << "two places do not tell";
  for (const unsigned seed : {3U, 4U, 5U}) put_village(std::to_string(seed) + ".ply", seed);
  const Finished finished = train({"data", "--hold-out", "b*", "--calibrate", "model"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("usual distance: up to "));
  EXPECT_THAT(read_file(folder() / "model/config.json"), HasSubstr("\"usual\""));
  EXPECT_THAT(finished.out, Not(HasSubstr("a.ply"))) << "not scored";
}

TEST_F(Train, ends_with_what_calibrate_says_is_usual) {
  put_village("b.ply", 2);
  for (const unsigned seed : {1U, 3U, 4U, 5U}) put_village(std::to_string(seed) + ".ply", seed);
  auto arguments = small_run("model");
  arguments.insert(arguments.end(), {"--hold-out", "b*"});
  ASSERT_EQ(train(arguments).exit_code, 0);
  const std::string config = read_file(folder() / "model/config.json");
  EXPECT_THAT(config, HasSubstr("\"usual\""));
  const std::string familiar = read_file(folder() / "model/familiar.safetensors");
  EXPECT_THAT(read_file(folder() / "model/README.md"), HasSubstr("usual distance: up to "));
  ASSERT_EQ(train({"data", "--hold-out", "b*", "--calibrate", "model"}).exit_code, 0);
  EXPECT_EQ(read_file(folder() / "model/config.json"), config);
  EXPECT_EQ(read_file(folder() / "model/familiar.safetensors"), familiar);
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
    wait_for_file(process, folder() / "again/training/checkpoint");
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
  wait_for_file(process, folder() / "model/training/log.jsonl");
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  process.signal(SIGINT);
  const Finished finished = process.wait();
  EXPECT_EQ(finished.exit_code, 130);
  EXPECT_THAT(finished.err, HasSubstr("--resume continues from there"));
  EXPECT_TRUE(fs::exists(folder() / "model/training/checkpoint"));
}

TEST_F(Train, a_folder_holds_one_run_at_a_time) {
  put_village("a.ply");
  auto arguments = small_run("model");
  arguments.back() = "100000";
  Process first(command(arguments));
  wait_for_file(first, folder() / "model/training/log.jsonl");
  arguments.push_back("--resume");
  const Finished second = train(arguments);
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_EQ(second.err, "ptattn-train: model/training/lock: is being written by another process\n");
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().exit_code, 130);
}

/// A village where a few points of houses are labelled as sheds and nothing else is.
PointCloud labelled_sheds() {
  PointCloud cloud = village(80, 1);
  const auto label = cloud.find("classification")->values<std::uint8_t>();
  std::size_t sheds = 0;
  for (std::uint8_t& x : label) x = x == 6 && sheds++ % 200 == 0 ? 40 : 1;
  return cloud;
}

/// What a model's config.json calls a usual distance.
double usual_distance(const std::filesystem::path& model) {
  return nlohmann::json::parse(read_file(model / "config.json")).at("usual").at("distance");
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
    const std::string aerial = PTATTN_SOURCE_DIR "/samples/models/aerial";
    EXPECT_EQ(usual_distance(folder() / head), usual_distance(aerial));
    EXPECT_THAT(labelled.out, Not(HasSubstr("unlike")));
    PointCloud turned = read_cloud(PTATTN_TEST_DIR "/golden/aerial_town.ply");
    for (double& z : turned.find("z")->values<double>()) z = -z;
    write_cloud(folder() / "down.ply", turned);
    const Finished unusual =
        run({.program = PTATTN_SEGMENT,
             .arguments = {"down.ply", "-o", "out.ply", "--model", head, "--format", "json"},
             .folder = folder()});
    EXPECT_THAT(unusual.out, HasSubstr("unlike")) << head;
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

TEST_F(Train, adds_a_class_to_a_model_and_drops_one_by_its_head_alone) {
  PointCloud cloud = village(80, 1);
  const auto label = cloud.find("classification")->values<std::uint8_t>();
  for (std::size_t i = 0; i < cloud.size(); i += 7) label[i] = label[i] == 6 ? 40 : label[i];
  write_cloud(folder() / "data/a.ply", cloud);
  const Finished finished = train(
      {"data", "-o", "model", "--init", "aerial", "--add-class", "shed=40", "--freeze", "encoder",
       "--head", "gradient", "--drop-class", "tower", "--voxels-per-step", "600", "--steps", "3"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("random at first, wholly or in part: seg_head"));
  const std::string config = read_file(folder() / "model/config.json");
  EXPECT_THAT(config, HasSubstr("\"shed\""));
  EXPECT_THAT(config, HasSubstr("\"wire\""));
  EXPECT_THAT(config, testing::Not(HasSubstr("\"tower\"")));
}

/// Balls on sticks, with a field `part`.
PointCloud lamp(std::uint64_t seed) {
  Random random(seed);
  constexpr std::size_t kPoints = 600;
  PointCloud cloud(kPoints);
  for (const char* name : {"x", "y", "z"}) cloud.add(name, FieldType::kFloat32);
  cloud.add("part", FieldType::kUInt8);
  for (std::size_t i = 0; i < kPoints; ++i) {
    const bool shade = i % 2 == 0;
    const double width = shade ? 0.5 : 0.05;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double middle = axis < 2 ? 0.0 : shade ? 1.5 : 0.5;
      const double reach = axis == 2 && !shade ? 0.5 : width;
      cloud.fields()[axis].values<float>()[i] =
          static_cast<float>(middle + reach * (2.0 * random.uniform() - 1.0));
    }
    cloud.fields()[3].values<std::uint8_t>()[i] = shade ? 1 : 0;
  }
  return cloud;
}

TEST_F(Train, parts_of_objects_on_any_side_are_seen_from_several) {
  for (std::uint64_t i = 0; i < 8; ++i) {
    write_cloud(folder() / "data" / ("lamp_" + std::to_string(i) + ".ply"), lamp(i));
  }
  write_file(folder() / "classes.txt", "0 Lamp.foot\n1 Lamp.shade\n");
  const std::vector<std::string> data{"data",        "--truth",   "part",   "--classes",
                                      "classes.txt", "--augment", "object", "--hold-out",
                                      "lamp_7*",     "--select",  "none"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), data.begin(), data.end());
    return train(std::move(more));
  };
  const Finished finished = with({"-o", "model", "--size", "tiny", "--objects-per-step", "2",
                                  "--steps", "2", "--any-up", "1"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const auto any =
      nlohmann::json::parse(read_file(folder() / "model/config.json")).at("preprocessing");
  EXPECT_EQ(any.at("up"), "any");
  EXPECT_EQ(any.at("votes"), 8);
  const std::string votes = "votes: 8 rotations, for objects on any side";
  EXPECT_THAT(with({"--init", "model", "--dry-run"}).out, HasSubstr(votes));
  EXPECT_THAT(with({"--init", "model", "--any-up", "0.1", "--dry-run"}).out,
              Not(HasSubstr("votes")));
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
