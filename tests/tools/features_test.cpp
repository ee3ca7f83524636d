// ptattn-features as a user meets it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "ptattn/io/cloud_io.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "tool_test.hpp"

namespace ptattn::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using Arguments = std::vector<std::string>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Points with doubles as coordinates and fields of other kinds.
PointCloud cloud_of(const std::vector<std::array<double, 3>>& points) {
  PointCloud cloud(points.size());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto values =
        cloud.add(std::string(1, "xyz"[axis]), FieldType::kFloat64).values<double>();
    for (std::size_t i = 0; i < points.size(); ++i) values[i] = points[i][axis];
  }
  const auto intensity = cloud.add("intensity", FieldType::kUInt16).values<std::uint16_t>();
  const auto red = cloud.add("red", FieldType::kUInt8).values<std::uint8_t>();
  for (std::size_t i = 0; i < points.size(); ++i) {
    intensity[i] = static_cast<std::uint16_t>(100 + 7 * i);
    red[i] = static_cast<std::uint8_t>(i);
  }
  return cloud;
}

const std::vector<std::array<double, 3>> kSquare{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}};

/// A wavy sheet of 20 x 20 points, the first of them a hole.
std::vector<std::array<double, 3>> sheet() {
  std::vector<std::array<double, 3>> points{{kNaN, 0, 0}};
  for (int i = 0; i < 400; ++i) {
    const double x = 0.1 * (i % 20);
    const double y = 0.1 * (i / 20) + 1e-3 * x;
    points.push_back({x, y, 0.3 * std::sin(2 * x) + 0.1 * std::cos(5 * y)});
  }
  return points;
}

std::vector<std::string> names_of(const PointCloud& cloud) {
  std::vector<std::string> names;
  for (const Field& field : cloud.fields()) names.push_back(field.name());
  return names;
}

class Features : public ToolTest {
 protected:
  Features() : ToolTest(PTATTN_FEATURES) {}

  [[nodiscard]] Finished features(Arguments arguments) const {
    return run_tool(std::move(arguments));
  }
  /// A run that must go well and say nothing on standard error.
  void features_quietly(Arguments arguments) const {
    arguments.emplace_back("-q");
    const Finished finished = features(arguments);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_THAT(finished.out, HasSubstr(" channels\n"));
    EXPECT_EQ(finished.err, "");
  }
  void put(const std::string& name, const PointCloud& cloud) const {
    write_cloud(folder() / name, cloud);
  }
  [[nodiscard]] PointCloud get(const std::string& name) const {
    return read_cloud(folder() / name);
  }
  [[nodiscard]] std::string bytes(const std::string& name) const {
    return read_file(folder() / name);
  }
  [[nodiscard]] bool exists(const std::string& name) const { return has(name); }
};

/// The command lines of every kind of features, short of the output.
const std::vector<Arguments> kKinds{
    {"in.ply", "--neighbors", "8,16", "--radius", "0.3"},
    {"in.ply", "--features", "encoding", "--channels", "12", "--wavelengths", "0.2:4"},
    {"in.ply", "--features", "attention", "--bandwidth", "0.1", "--wavelengths", "0.2:1",
     "--inputs", "xyz,intensity", "--neighbors", "12", "--heads", "2"},
    {"in.ply", "--features", "attention", "--global", "--scores", "dot", "--wavelengths", "0.2:1"},
    {"in.ply", "--features", "model", "--model", "tiny", "--layer", "pt_last.sa1"}};

Arguments with(Arguments arguments, const Arguments& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST_F(Features, help_and_version_are_known) {
  expect_known_help_and_version();
}

TEST_F(Features, many_files_skip_bad_ones_and_resume) {
  for (const char* const name : {"in/a.ply", "in/b.ply"}) {
    std::filesystem::create_directories(folder() / "in");
    put(name, cloud_of(kSquare));
  }
  write_file(folder() / "in/broken.ply", "ply\nnonsense\n");
  const Arguments arguments{"in", "-o", "out/", "--neighbors", "4", "--format", "jsonl"};
  const Finished finished = features(arguments);
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(lines_of(finished.out), SizeIs(3));
  EXPECT_THAT(finished.err, HasSubstr("1 of 3 inputs failed\n"));
  EXPECT_TRUE(exists("out/a.ply") && exists("out/b.ply"));
  const Finished again = features(with(arguments, {"--resume"}));
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_THAT(lines_of(again.out), IsEmpty());
  EXPECT_THAT(again.err, HasSubstr("2 of 3 outputs exist already\n"));
  const Finished other =
      features({"in", "-o", "out/", "--neighbors", "3", "--format", "jsonl", "--resume"});
  EXPECT_THAT(other.err, HasSubstr("out/a.ply: was made with neighbors=4, now neighbors=3 and is "
                                   "made anew\n"));
  const auto record = nlohmann::json::parse(lines_of(other.out).front());
  EXPECT_EQ(record["made_by"]["options"], nlohmann::json({"neighbors=3"}));
}

TEST_F(Features, outputs_keep_what_they_said_and_add_what_made_them) {
  PointCloud square = cloud_of(kSquare);
  square.metadata().comments = {"ptattn made by ptattn-segment 0.1.0", "ptattn labels kind class"};
  put("in.ply", square);
  ASSERT_EQ(features({"in.ply", "-o", "out.las", "--neighbors", "4"}).exit_code, 0);
  const auto comments = read_cloud(folder() / "out.las").metadata().comments;
  EXPECT_THAT(comments,
              testing::IsSupersetOf({"ptattn labels kind class", "ptattn option neighbors=4"}));
  EXPECT_THAT(comments, testing::Contains(StartsWith("ptattn field f_000 ")));
}

TEST_F(Features, wrong_options_are_one_line) {
  const auto wrong = [&](const Arguments& arguments, const std::string& line) {
    expect_error(arguments, 2, line);
  };
  wrong({}, "INPUT: missing, name files, folders or -, see --help");
  wrong({"a.ply"}, "--output: missing, name a file or a folder, or ask for --names");
  wrong(
      {"a.ply", "-o", "b.txt"},
      "b.txt: expected a name ending in .ply, .pcd, .las, .laz, .npy or .safetensors, or a folder, "
      "which exists or has a / at its end");
  wrong({"a.ply", "-o", "b.npy", "--colorize"},
        "--colorize: a matrix has no colours, expected a name ending in .ply, .pcd, .las or .laz");
  wrong({"a.ply", "--features", "good"},
        "--features: \"good\" is none of geometry, encoding, attention, model, see --help");
  wrong({"a.ply", "--neighbors", "8,0"},
        "--neighbors: 0 is not a whole number from 1 to 4096, see --help");
  wrong({"a.ply", "--radius", "0.5,-1"}, "--radius: -1 is not a number above 0, see --help");
  wrong({"a.ply", "--radius", "0.5x"}, "--radius: 0.5x is not a number above 0, see --help");
  wrong({"a.ply", "--up", "auto"}, "--up: \"auto\" is none of z, -z, y, -y, x, -x, see --help");
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
               "--bandwidth: does not go with --features geometry, see --help");
  expect_error({"a.ply", "-o", "b.ply", "--features", "encoding", "--neighbors", "4"}, 2,
               "--neighbors: does not go with --features encoding, see --help");
  expect_error({"a.ply", "-o", "b.ply", "--features", "attention", "--radius", "4"}, 2,
               "--radius: does not go with --features attention, see --help");
  expect_error({"a.ply", "-o", "b.ply", "--features", "model", "--inputs", "xyz"}, 2,
               "--inputs: does not go with --features model, see --help");
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

TEST_F(Features, geometry_of_a_square_keeps_every_field) {
  const PointCloud cloud = cloud_of(kSquare);
  put("in.ply", cloud);
  features_quietly({"in.ply", "-o", "out.ply", "--neighbors", "4"});
  PointCloud out = get("out.ply");
  ASSERT_THAT(names_of(out), SizeIs(5 + 13));
  EXPECT_EQ(names_of(out)[5], "f_000");
  EXPECT_EQ(names_of(out)[17], "f_012");
  EXPECT_THAT(out.find("f_000")->values<float>(), Each(0.0F)) << "linearity";
  EXPECT_THAT(out.find("f_001")->values<float>(), Each(1.0F)) << "planarity";
  EXPECT_THAT(out.metadata().comments, testing::Contains("f_001 planarity_k4"));
  out.fields().resize(5, Field("", FieldType::kInt8, 0));
  out.metadata() = cloud.metadata();
  EXPECT_TRUE(identical(out, cloud));
}

TEST_F(Features, default_scales_give_way_to_radii) {
  put("in.ply", cloud_of(kSquare));
  EXPECT_THAT(lines_of(features({"in.ply", "--names"}).out), SizeIs(39));
  const auto lines = lines_of(features({"in.ply", "--names", "--radius", "2,0.5"}).out);
  ASSERT_THAT(lines, SizeIs(26));
  EXPECT_EQ(lines[0], "f_000\tlinearity_r2");
  EXPECT_EQ(lines[13], "f_013\tlinearity_r0.5");
}

TEST_F(Features, names_go_with_the_output_when_there_is_one) {
  put("in.ply", cloud_of(kSquare));
  const Finished finished =
      features({"in.ply", "--names", "-o", "out.npy", "--features", "encoding", "--channels", "6",
                "--prefix", "wave", "--wavelengths", "1:1"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(lines_of(finished.out),
              ElementsAre("wave000\tsin_x_w0", "wave001\tcos_x_w0", "wave002\tsin_y_w0",
                          "wave003\tcos_y_w0", "wave004\tsin_z_w0", "wave005\tcos_z_w0"));
  EXPECT_TRUE(exists("out.npy"));
}

TEST_F(Features, matrices_hold_what_the_fields_hold) {
  put("in.ply", cloud_of(sheet()));
  for (const Arguments& kind : kKinds) {
    for (const char* const name : {"out.ply", "out.npy", "out.safetensors"}) {
      features_quietly(with(kind, {"-o", name}));
    }
    const PointCloud cloud = get("out.ply");
    const std::size_t channels = cloud.fields().size() - 5;
    const SafetensorsFile file(folder() / "out.safetensors");
    EXPECT_THAT(file.names(), ElementsAre("features"));
    ASSERT_THAT(*file.shape("features"), ElementsAre(401U, channels));
    const std::vector<float> values = file.values("features");
    for (std::size_t c = 0; c < channels; ++c) {
      const auto field = cloud.fields()[5 + c].values<float>();
      EXPECT_EQ(field[0], 0.0F) << "a point that is not finite";
      for (std::size_t i = 0; i < field.size(); ++i) {
        ASSERT_TRUE(std::isfinite(field[i])) << c << " " << i;
        ASSERT_EQ(values[i * channels + c], field[i]) << c << " " << i;
      }
    }
    const std::string npy = bytes("out.npy");
    const std::size_t data = npy.size() - values.size() * sizeof(float);
    EXPECT_THAT(npy.substr(0, data), HasSubstr("'descr': '<f4', 'fortran_order': False, 'shape': "
                                               "(401, " +
                                               std::to_string(channels) + ")"));
    EXPECT_EQ(std::memcmp(npy.data() + data, values.data(), npy.size() - data), 0);
  }
}

TEST_F(Features, safetensors_name_the_channels) {
  put("in.ply", cloud_of(kSquare));
  features_quietly({"in.ply", "-o", "out.safetensors", "--features", "encoding", "--channels", "6",
                    "--wavelengths", "1:1"});
  EXPECT_THAT(bytes("out.safetensors"), HasSubstr(R"("names":"[\"sin_x_w0\",\"cos_x_w0\",)"));
  EXPECT_THAT(bytes("out.safetensors"), HasSubstr(R"("made_by":"{\"tool\":\"ptattn-features\",)"));
}

TEST_F(Features, same_bytes_for_any_thread_count) {
  put("in.ply", cloud_of(sheet()));
  for (const Arguments& kind : kKinds) {
    std::vector<std::string> results;
    for (const char* const threads : {"1", "2", "8"}) {
      features_quietly(with(kind, {"-o", "out.ply", "--colorize", "--threads", threads}));
      results.push_back(bytes("out.ply"));
    }
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
  }
}

TEST_F(Features, tiny_clouds_are_defined) {
  for (const std::size_t n : {0U, 1U, 2U}) {
    put("in.ply", cloud_of({kSquare.begin(), kSquare.begin() + static_cast<std::ptrdiff_t>(n)}));
    for (const Arguments& kind : kKinds) {
      const Finished finished = features(with(kind, {"-o", "out.ply", "--colorize"}));
      if (kind.back() == "pt_last.sa1") {
        EXPECT_EQ(finished.exit_code, 3);
        EXPECT_EQ(finished.err, "ptattn-features: in.ply: has " + std::to_string(n) +
                                    " points, at least 128 are needed\n");
        continue;
      }
      EXPECT_EQ(finished.exit_code, 0) << finished.err;
      const PointCloud out = get("out.ply");
      EXPECT_EQ(out.size(), n);
      for (const Field& field : out.fields()) {
        for (std::size_t i = 0; i < n; ++i) EXPECT_TRUE(std::isfinite(field.as_double(i)));
      }
    }
  }
}

TEST_F(Features, colours_are_where_viewers_look) {
  put("in.ply", cloud_of(sheet()));
  features_quietly({"in.ply", "-o", "out.ply", "--neighbors", "12", "--colorize"});
  const PointCloud ply = get("out.ply");
  const auto names = names_of(ply);
  EXPECT_EQ(names[4], "original_red");
  EXPECT_EQ(ply.find("original_red")->values<std::uint8_t>()[9], 9);
  EXPECT_THAT(std::vector(names.end() - 3, names.end()), ElementsAre("red", "green", "blue"));
  const auto red = ply.find("red")->values<std::uint8_t>();
  EXPECT_EQ(red[0], 0) << "a point that is not finite is black";
  EXPECT_EQ(*std::ranges::min_element(red.subspan(1)), 0);
  EXPECT_EQ(*std::ranges::max_element(red), 255);

  features_quietly({"in.ply", "-o", "out.pcd", "--neighbors", "12", "--colorize"});
  const PointCloud pcd = get("out.pcd");
  EXPECT_EQ(pcd.fields().back().name(), "rgb");
  const auto packed = pcd.find("rgb")->values<float>();
  for (std::size_t i = 0; i < packed.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(packed[i]) >> 16, red[i]);
  }
}

TEST_F(Features, what_was_chosen_is_said_and_kept) {
  std::vector<std::array<double, 3>> line;
  for (int i = 0; i < 101; ++i) line.push_back({2.0 * i, 0, 0});
  put("in.ply", cloud_of(line));
  const Finished finished =
      features({"in.ply", "-o", "out.ply", "--features", "attention", "--neighbors", "5"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.err, StartsWith("ptattn-features: in.ply: bandwidth 2\n"
                                       "ptattn-features: in.ply: wavelengths 4 to 32\n"));
  EXPECT_THAT(get("out.ply").metadata().comments,
              testing::Contains("ptattn-features: bandwidth 2"));
  EXPECT_THAT(features({"in.ply", "-o", "out.npy", "--features", "encoding"}).err,
              StartsWith("ptattn-features: in.ply: wavelengths 32 to 400\n"));
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

TEST_F(Features, layers_are_listed) {
  const Finished finished = features({"--features", "model", "--model", "tiny", "--list-layers"});
  EXPECT_EQ(finished.exit_code, 0);
  const auto lines = lines_of(finished.out);
  ASSERT_THAT(lines, SizeIs(13));
  EXPECT_EQ(lines[0], "layer                  tokens  channels");
  EXPECT_EQ(lines[1], "bn1                       256         8");
  EXPECT_EQ(lines[7], "pt_last.sa1                16        16");
  EXPECT_EQ(lines[12], "linear3           whole cloud         5");
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

TEST_F(Features, models_over_points_have_layers_too) {
  const std::string model = PTATTN_SOURCE_DIR "/samples/models/aerial";
  const std::string town = PTATTN_SOURCE_DIR "/samples/scenes/aerial_town.ply";
  const Arguments start{town, "-o", "out.ply", "--features", "model", "--model", model};
  const auto layers =
      lines_of(features({"--features", "model", "--model", model, "--list-layers"}).out);
  EXPECT_THAT(layers, testing::Contains("dec.dec0.block0         voxels        32"));
  EXPECT_THAT(layers, testing::Contains("enc.enc1.block0  pooled voxels        48"));
  features_quietly(with(start, {"--layer", "enc.enc1.block0", "--colorize"}));
  EXPECT_EQ(get("out.ply").size(), read_cloud(town).size());
  EXPECT_EQ(features(with(start, {"--layer", "embedding", "--category", "chair"})).exit_code, 2);
  expect_error(with(start, {"--layer", "enc"}), 2,
               "--layer: aerial has no layer enc, did you mean enc.enc1.down?, see --list-layers");
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
