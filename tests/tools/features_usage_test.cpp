// Messages and exit codes of ptattn-features.

#include <filesystem>
#include <string>

#include "features_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST_F(Features, help_and_version_are_known) {
  expect_known_help_and_version();
}

TEST_F(Features, wrong_options_are_one_line) {
  const auto wrong = [&](const Arguments& arguments, const std::string& line) {
    expect_error(arguments, 2, line);
  };
  wrong({}, "INPUT: missing, name files, folders or -, see --help");
  wrong({"a.ply"}, "--output: missing, name a file or a folder, or ask for --names");
  wrong({"a.ply", "-o", "b.txt"},
        "b.txt: expected a name ending in .ply, .pcd, .las, .laz, .npy or .safetensors, or a "
        "folder, which exists or ends in /");
  wrong({"a.ply", "-o", "b.npy", "--colorize"},
        "--colorize: a matrix has no colours, expected a name ending in .ply, .pcd, .las or .laz");
  wrong({"a.ply", "--features", "good"},
        "--features: \"good\" is none of geometry, encoding, attention, model, see --help");
  wrong({"a.ply", "--neighbors", "8,0"},
        "--neighbors: 0 is not a whole number from 1 to 4096, see --help");
  wrong({"a.ply", "--radius", "0.5,-1"}, "--radius: -1 is not a number above 0, see --help");
  wrong({"a.ply", "--radius", "0.5x"}, "--radius: 0.5x is not a number above 0, see --help");
  wrong({"a.ply", "--up", "w"}, "--up: \"w\" is none of z, -z, y, -y, x, -x, auto, see --help");
  wrong({"a.ply", "--prefix", "a b"},
        "--prefix: expected a name of printable ASCII without blanks, see --help");
  for (const char* const range : {"5", "2:1", "0:1", ":", "1:inf", "1:2:3"}) {
    wrong({"a.ply", "--features", "encoding", "--wavelengths", range},
          "--wavelengths: " + std::string(range) +
              " is not MIN:MAX, two lengths in order, see --help");
  }
  for (const char* const channels : {"0", "7", "6006", "six"}) {
    wrong({"a.ply", "--features", "encoding", "--channels", channels},
          "--channels: " + std::string(channels) +
              " is not a multiple of 6 from 6 to 6000, see --help");
  }
  wrong({"a.ply", "--features", "attention", "--bandwidth", "nan"},
        "--bandwidth: nan is not a number above 0, see --help");
  wrong({"a.ply", "--features", "attention", "--neighbors", "4", "--global"},
        "--neighbors excludes --global, see --help");
  wrong({"a.ply", "-o", "b.ply", "--features", "attention", "--neighbors", "4,8"},
        "--neighbors: attention has one neighbourhood, expected one size");
  wrong({"a.ply", "-o", "b.ply", "--features", "model"}, "--layer: missing, see --list-layers");
}

TEST_F(Features, options_of_another_kind_are_refused) {
  expect_error({"a.ply", "-o", "b.ply", "--bandwidth", "1"}, 2,
               "--bandwidth: cannot be used with --features geometry, see --help");
  expect_error({"a.ply", "-o", "b.ply", "--features", "encoding", "--neighbors", "4"}, 2,
               "--neighbors: cannot be used with --features encoding, see --help");
  expect_error({"a.ply", "-o", "b.ply", "--features", "attention", "--radius", "4"}, 2,
               "--radius: cannot be used with --features attention, see --help");
  expect_error({"a.ply", "-o", "b.ply", "--features", "model", "--inputs", "xyz"}, 2,
               "--inputs: cannot be used with --features model, see --help");
}

TEST_F(Features, targets_are_checked_before_the_input_is_read) {
  put("in.ply", cloud_of(kSquare));
  expect_error({"missing.ply", "-o", "in.ply/b.ply"}, 3,
               "in.ply/b.ply: cannot be written: Not a directory");
  expect_error({"in.ply", "-o", "in.ply"}, 2, "in.ply: is an input, --output would overwrite it");
  expect_error({"missing.ply", "-o", "b.ply"}, 3,
               "missing.ply: cannot be opened: No such file or directory");
}

TEST_F(Features, what_the_cloud_rules_out_is_refused) {
  PointCloud cloud = cloud_of(kSquare);
  cloud.add("f_012", FieldType::kFloat32);
  cloud.metadata().elements.push_back({.name = "face", .items = 1});
  put("in.ply", cloud);
  expect_error({"in.ply", "-o", "b.ply", "--neighbors", "4"}, 2,
               "in.ply: has a field f_012 already, choose another name with --prefix");
  features_quietly({"in.ply", "-o", "b.ply", "--neighbors", "4", "--prefix", "g_"});
  expect_error({"in.ply", "-o", "b.pcd", "--neighbors", "4", "--prefix", "g_"}, 3,
               "b.pcd: the cloud has an element face besides its points, which PCD cannot hold, "
               "expected a .ply file");
  expect_error({"in.ply", "-o", "c.ply", "--features", "attention", "--inputs", "normals"}, 3,
               "in.ply: has no field normals, expected one of x, y, z, intensity, red, f_012");
  EXPECT_FALSE(exists("c.ply"));
}

TEST_F(Features, wrong_layers_and_models_are_refused_before_the_cloud_is_read) {
  const Arguments start{"missing.ply", "-o", "b.ply", "--features", "model", "--model"};
  expect_error(with(start, {"tiny", "--layer", "sa1"}), 2,
               "--layer: tiny has no layer sa1, see --list-layers");
  expect_error(with(start, {"tiny", "--layer", "bn6"}), 2,
               "--layer: bn6 describes the cloud as a whole, choose one that has tokens, see "
               "--list-layers");
  const Finished unknown = features(with(start, {"nowhere", "--layer", "sa1"}));
  EXPECT_EQ(unknown.exit_code, 4);
  EXPECT_THAT(unknown.err, StartsWith("ptattn-features: nowhere: "));
}

TEST_F(Features, progress_is_for_terminals) {
  put("in.ply", cloud_of(sheet()));
  const Finished finished = run({.program = PTATTN_FEATURES,
                                 .arguments = {"in.ply", "-o", "out.ply"},
                                 .folder = folder(),
                                 .stderr_is_terminal = true});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.err, HasSubstr("400 of 400 points"));
}

TEST_F(Features, a_failed_run_leaves_nothing) {
  put("in.ply", cloud_of({{1, 2, 3}}));
  write_file(folder() / "out.ply", "older");
  (void)features(
      {"in.ply", "-o", "out.ply", "--features", "model", "--model", "tiny", "--layer", "bn1"});
  EXPECT_EQ(bytes("out.ply"), "older");
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    EXPECT_NE(entry.path().extension(), ".tmp");
  }
}

}  // namespace
}  // namespace ptattn::test
