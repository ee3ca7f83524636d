// The features that ptattn-features writes.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "features_fixture.hpp"
#include "ptattn/models/files/safetensors.hpp"

namespace ptattn::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

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
  EXPECT_THAT(
      other.err,
      HasSubstr("out/a.ply: was made with neighbors=4, now neighbors=3 and is made again\n"));
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

TEST_F(Features, neighbourhoods_without_a_point_are_warned_of) {
  put("in.ply", cloud_of(sheet()));
  EXPECT_THAT(features({"in.ply", "-o", "out.ply", "--radius", "1e-6", "-q"}).err,
              HasSubstr("100 % of the points have zeros only: their neighbourhoods are empty, see "
                        "--radius"));
}

TEST_F(Features, of_scenes_in_8_bits_are_not_those_of_float32) {
  const Arguments start{PTATTN_TEST_DIR "/golden/aerial_town.ply",
                        "-o",
                        "out.ply",
                        "--features",
                        "model",
                        "--model",
                        PTATTN_SOURCE_DIR "/samples/models/aerial",
                        "--layer",
                        "enc.enc1.block0"};
  features_quietly(start);
  const PointCloud exact = get("out.ply");
  features_quietly(with(start, {"--precision", "int8"}));
  const PointCloud rounded = get("out.ply");
  EXPECT_THAT(rounded.metadata().comments, testing::Contains("ptattn option precision=int8"));
  double difference = 0.0;
  double size = 0.0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double expected = exact.find("f_000")->as_double(i);
    difference += std::pow(rounded.find("f_000")->as_double(i) - expected, 2.0);
    size += std::pow(expected, 2.0);
  }
  EXPECT_GT(difference, 1e-8 * size);
  EXPECT_LT(difference, 1e-2 * size);
}

}  // namespace
}  // namespace ptattn::test
