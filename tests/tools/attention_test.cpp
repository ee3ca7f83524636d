// ptattn-attention as a user meets it.

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "ptattn/cloud/colormap.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class Attention : public ToolTest {
 protected:
  Attention() : ToolTest(PTATTN_ATTENTION) { put("a.ply", ply_shape(300)); }

  [[nodiscard]] Finished attention(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--model", "tiny"});
    return run_tool(std::move(arguments));
  }
  void expect_error(std::vector<std::string> arguments, int exit_code,
                    const std::string& line) const {
    arguments.insert(arguments.begin(), {"--model", "tiny"});
    ToolTest::expect_error(arguments, exit_code, line);
  }
  /// Runs and reads what was written; an error fails the test.
  [[nodiscard]] PointCloud written(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"-q", "-o", "out.ply"});
    const Finished finished = attention(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_EQ(finished.err, "");
    return read_cloud(folder() / "out.ply");
  }
  [[nodiscard]] std::vector<float> weights(const PointCloud& cloud,
                                           const std::string& name = "attention") const {
    const Field* field = cloud.find(name);
    if (field == nullptr) return {};
    const auto values = field->values<float>();
    return {values.begin(), values.end()};
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder()),
                                                  std::filesystem::directory_iterator()));
  }
};

TEST_F(Attention, help_and_version_are_known) {
  expect_known_help_and_version();
}

TEST_F(Attention, many_clouds_get_clouds_and_pictures) {
  put("in/b.ply", ply_shape(300, 2));
  put("in/c.ply", ply_shape(300, 3));
  put("in/bad.ply", "ply\n");
  const Finished finished =
      attention({"in", "-o", "out/", "--matrix", "pictures/", "--format", "jsonl"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(lines_of(finished.out), SizeIs(3));
  EXPECT_THAT(finished.out, HasSubstr("\"class\":"));
  for (const char* const made : {"out/b.ply", "out/c.ply", "pictures/b.png", "pictures/c.png"}) {
    EXPECT_TRUE(has(made)) << made;
  }
}

TEST_F(Attention, of_classifiers_in_8_bits_is_refused) {
  expect_error({"a.ply", "-o", "out.ply", "--precision", "int8"}, 2,
               "--precision: tiny does not report its attention in int8, choose float32 or bf16");
}

TEST_F(Attention, layers_are_listed) {
  const Finished finished = attention({"--list-layers"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.out, "layer        heads\npt_last.sa1      1\n");
}

TEST_F(Attention, every_field_is_kept) {
  put(
      "b.ply",
      "ply\nformat ascii 1.0\nelement vertex 200\nproperty double x\nproperty double y\n"
      "property double z\nproperty uchar red\nproperty uchar green\n"
      "property uchar blue\nproperty short label\nend_header\n" +
          [] {
            std::string rows;
            const auto lines = lines_of(ply_shape(200));
            for (std::size_t i = lines.size() - 200; i < lines.size(); ++i) {
              rows += lines[i] + " 1 2 " + std::to_string(i % 256) + " -7\n";
            }
            return rows;
          }());
  const PointCloud before = read_cloud(folder() / "b.ply");
  const PointCloud after = written({"b.ply"});
  std::vector<std::string> names;
  for (const Field& field : after.fields()) names.push_back(field.name());
  EXPECT_THAT(names, ElementsAre("x", "y", "z", "original_red", "original_green", "original_blue",
                                 "label", "attention", "red", "green", "blue"));
  for (std::size_t i = 0; i < before.fields().size(); ++i) {
    EXPECT_EQ(before.fields()[i].type(), after.fields()[i].type());
    EXPECT_TRUE(std::ranges::equal(before.fields()[i].bytes(), after.fields()[i].bytes())) << i;
  }
  const PointCloud plain = written({"b.ply", "--no-colorize", "--field", "weight"});
  ASSERT_THAT(plain.fields(), SizeIs(8));
  EXPECT_EQ(plain.fields()[7].name(), "weight");
  EXPECT_EQ(plain.fields()[3].name(), "red");
  EXPECT_EQ(weights(plain, "weight"), weights(after));
}

TEST_F(Attention, colours_show_the_weights) {
  const PointCloud cloud = written({"a.ply"});
  const std::vector<float> values = weights(cloud);
  ASSERT_THAT(values, SizeIs(300));
  const std::vector<Rgb> expected = colors_of(values, range_up_to(values, 99));
  for (std::size_t i = 0; i < 300; ++i) {
    const Rgb color{cloud.find("red")->values<std::uint8_t>()[i],
                    cloud.find("green")->values<std::uint8_t>()[i],
                    cloud.find("blue")->values<std::uint8_t>()[i]};
    ASSERT_EQ(color, expected[i]) << i;
  }
}

TEST_F(Attention, pcd_gets_packed_colours) {
  EXPECT_EQ(attention({"a.ply", "-o", "out.pcd"}).exit_code, 0);
  const PointCloud cloud = read_cloud(folder() / "out.pcd");
  ASSERT_NE(cloud.find("rgb"), nullptr);
  EXPECT_EQ(weights(cloud), weights(written({"a.ply"})));
}

TEST_F(Attention, a_query_is_a_point_or_a_place) {
  const PointCloud of_point = written({"a.ply", "--query", "17"});
  const auto p = of_point.positions()[17];
  const auto text = [](double value) {
    std::array<char, 32> digits;
    std::snprintf(digits.data(), digits.size(), "%.17g", value);
    return std::string(digits.data());
  };
  const PointCloud of_place =
      written({"a.ply", "--at", text(p[0]) + "," + text(p[1]) + "," + text(p[2])});
  EXPECT_EQ(weights(of_point), weights(of_place));
  EXPECT_NE(weights(of_point), weights(written({"a.ply"})));
  EXPECT_NE(weights(written({"a.ply", "--at", "0,0,0"})),
            weights(written({"a.ply", "--at", "0,0,1"})));
}

TEST_F(Attention, a_place_outside_the_cloud_is_refused) {
  const Finished finished = attention({"a.ply", "-o", "o.ply", "--at", "0,0,101"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, testing::MatchesRegex(
                                "ptattn-attention: a.ply: lies 100(\\.[0-9]+)? away from --at, it "
                                "reaches from -[0-9.]+,-[0-9.]+,0\\.[0-9]+ to [0-9.,]+\n"));
  EXPECT_FALSE(has("o.ply"));
  EXPECT_EQ(attention({"a.ply", "-o", "o.ply", "--at", "0,0,1.1"}).exit_code, 0);
}

TEST_F(Attention, outputs_say_what_made_them) {
  const auto comments = written({"a.ply", "--query", "17"}).metadata().comments;
  EXPECT_THAT(comments, testing::IsSupersetOf(
                            {"ptattn option query=17", "ptattn field attention attention weight"}));
  EXPECT_THAT(comments, testing::Contains(testing::MatchesRegex("ptattn model [0-9a-f]{32} tiny")));
}

TEST_F(Attention, rollout_keeps_half_of_the_query) {
  // One layer: (A + I) / 2.
  const std::vector<float> plain = weights(written({"a.ply", "--query", "0"}));
  const std::vector<float> rollout = weights(written({"a.ply", "--query", "0", "--rollout"}));
  EXPECT_NEAR(rollout[0], 0.5F + plain[0] / 2.0F, 1e-6F);
}

TEST_F(Attention, the_summary_tells_what_was_seen) {
  const Finished finished = attention({"a.ply", "-o", "out.ply", "--query", "17"});
  const auto lines = lines_of(finished.out);
  ASSERT_THAT(lines, SizeIs(10));
  EXPECT_EQ(lines[0], "model     tiny");
  EXPECT_EQ(lines[1], "input     a.ply, 300 points, seen as 16 tokens, up z");
  EXPECT_THAT(lines[2], StartsWith("class     "));
  EXPECT_EQ(lines[3], "layer     pt_last.sa1, one head");
  EXPECT_THAT(lines[4], StartsWith("query     point 17 ("));
  EXPECT_THAT(lines[4], HasSubstr("), nearest token: point "));
  EXPECT_THAT(lines[5], StartsWith("entropy   "));
  EXPECT_THAT(lines[5], HasSubstr(" of 16 tokens"));
  EXPECT_THAT(lines[6], StartsWith("top 1 %   1 token takes "));
  EXPECT_THAT(lines[7], StartsWith("heaviest  point "));
}

TEST_F(Attention, the_matrix_is_a_picture) {
  const Finished finished = attention({"a.ply", "--matrix", "m.png"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(get("m.png"), StartsWith("\x89PNG\r\n\x1a\n"));
  EXPECT_EQ(files(), 5U) << "a.ply, m.png and the standard streams";
}

TEST_F(Attention, same_bytes_for_any_thread_count) {
  put("large.ply", ply_shape(20'000));
  std::vector<std::string> files;
  for (const std::string threads : {"1", "2", "8"}) {
    const Finished finished =
        attention({"large.ply", "-o", "o.ply", "--matrix", "m.png", "--threads", threads});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    files.push_back(get("o.ply") + get("m.png") + finished.out);
  }
  EXPECT_EQ(files[0], files[1]);
  EXPECT_EQ(files[0], files[2]);
}

TEST_F(Attention, points_that_are_not_finite_get_nothing) {
  std::string text = ply_shape(200);
  text.replace(text.find("vertex 200"), 10, "vertex 202");
  put("holes.ply", text + "nan 0 0\n0 inf 0\n");
  const PointCloud cloud = written({"holes.ply"});
  const std::vector<float> values = weights(cloud);
  ASSERT_THAT(values, SizeIs(202));
  EXPECT_EQ(values[200], 0.0F);
  EXPECT_EQ(values[201], 0.0F);
  EXPECT_GT(*std::min_element(values.begin(), values.end() - 2), 0.0F);
  expect_error({"holes.ply", "-o", "out.ply", "--query", "200"}, 2,
               "--query: point 200 has a coordinate that is not finite");
}

TEST_F(Attention, tiny_clouds_are_refused) {
  for (const std::size_t n : {0U, 1U, 127U}) {
    put("tiny.ply", ply_shape(n));
    expect_error({"tiny.ply", "-o", "out.ply"}, 3,
                 "tiny.ply: has " + std::to_string(n) + " points, at least 128 are needed");
  }
  put("tiny.ply", ply_text(std::vector<std::array<double, 3>>(200, {1, 2, 3})));
  expect_error({"tiny.ply", "-o", "out.ply"}, 3,
               "tiny.ply: all points coincide, a cloud with an extent is needed");
}

TEST_F(Attention, duplicates_are_fine) {
  std::vector<std::array<double, 3>> points(130);
  for (std::size_t i = 0; i < 130; ++i) points[i] = {1.0 + i % 3, i % 2 * 1.0, 0.5 * (i % 3)};
  put("same.ply", ply_text(points));
  const std::vector<float> values = weights(written({"same.ply"}));
  ASSERT_THAT(values, SizeIs(130));
  for (std::size_t i = 6; i < 130; ++i) EXPECT_EQ(values[i], values[i % 6]);
}

TEST_F(Attention, wrong_command_lines_are_one_line) {
  expect_error({}, 2, "INPUT: missing, name files, folders or -, see --help");
  expect_error({"a.ply"}, 2, "--output: missing, expected --output, --matrix or --list-layers");
  expect_error({"a.ply", "-o", "o.txt"}, 2,
               "o.txt: expected a name ending in .ply, .pcd, .las or .laz, or a folder, which "
               "exists or ends in /");
  expect_error({"a.ply", "--matrix", "m.jpg"}, 2,
               "m.jpg: expected a name ending in .png, or a folder, which exists or ends in /");
  expect_error({"a.ply", "-o", "a.ply"}, 2, "a.ply: is an input, --output would overwrite it");
  expect_error({"a.ply", "-o", "o.ply", "--query", "-1"}, 2,
               "--query: -1 is not a number from 0, see --help");
  expect_error({"a.ply", "-o", "o.ply", "--query", "1e2"}, 2,
               "--query: 1e2 is not a number from 0, see --help");
  expect_error({"a.ply", "-o", "o.ply", "--query", "300"}, 2,
               "--query: 300 is not a point of a.ply, which has 300");
  for (const std::string at : {"1,2", "1,2,3,4", "1,2,nan", "a,b,c", "", "1,,2"}) {
    expect_error({"a.ply", "-o", "o.ply", "--at", at}, 2,
                 "--at: " + at + " is not three numbers separated by commas, see --help");
  }
  expect_error({"a.ply", "-o", "o.ply", "--at", "1,2,3", "--query", "1"}, 2,
               "--query excludes --at, see --help");
  expect_error({"a.ply", "-o", "o.ply", "--head", "best"}, 2,
               "--head: best is neither a number from 0 nor mean, see --help");
  expect_error({"a.ply", "-o", "o.ply", "--head", "1"}, 2,
               "--head: pt_last.sa1 has no head 1, expected one below 1");
  expect_error({"a.ply", "-o", "o.ply", "--layer", "sa1"}, 2,
               "--layer: tiny has no layer \"sa1\" with attention weights, see --list-layers");
  expect_error({"a.ply", "-o", "o.ply", "--field", "my weight"}, 2,
               "--field: expected a name of printable ASCII without blanks, see --help");
  expect_error({"a.ply", "-o", "o.ply", "--field", "red"}, 2,
               "--field: red is a name of colours, expected another, or --no-colorize");
  expect_error({"a.ply", "-o", "o.ply", "--field", "x"}, 2,
               "a.ply: has a field x already, choose another name with --field");
  EXPECT_EQ(files(), 4U) << "nothing was written";
}

TEST_F(Attention, a_format_that_cannot_hold_the_cloud_is_told_first) {
  std::string mesh = ply_shape(200);
  mesh.replace(mesh.find("end_header"), 0,
               "element face 1\nproperty list uchar int vertex_indices\n");
  put("mesh.ply", mesh + "3 0 1 2\n");
  const Finished finished = attention({"mesh.ply", "-o", "o.pcd", "--layer", "pt_last.sa1"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, StartsWith("ptattn-attention: o.pcd: "));
  EXPECT_EQ(written({"mesh.ply"}).metadata().elements.size(), 1U);
}

TEST_F(Attention, what_cannot_be_read_or_written_is_exit_code_3) {
  expect_error({"nowhere.ply", "-o", "o.ply"}, 3,
               "nowhere.ply: cannot be opened: No such file or directory");
  expect_error({"a.ply", "-o", "a.ply/no/o.ply"}, 3,
               "a.ply/no/o.ply: cannot be written: Not a directory");
  expect_error({"a.ply", "--matrix", "a.ply/no/m.png"}, 3,
               "a.ply/no/m.png: cannot be written: Not a directory");
}

/// With the pretrained model that labels points.
class AttentionOfScenes : public Attention {
 protected:
  AttentionOfScenes() {
    std::filesystem::copy_file(PTATTN_TEST_DIR "/golden/aerial_town.ply", folder() / "town.ply");
  }
  [[nodiscard]] Finished look(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--model", PTATTN_SOURCE_DIR "/samples/models/aerial"});
    return run(
        {.program = PTATTN_ATTENTION, .arguments = std::move(arguments), .folder = folder()});
  }
};

TEST_F(AttentionOfScenes, every_layer_can_be_looked_at) {
  const auto layers = lines_of(look({"--list-layers"}).out);
  ASSERT_GT(layers.size(), 5U);
  const std::size_t points = read_cloud(folder() / "town.ply").size();
  for (std::size_t i = 1; i < layers.size(); i += 3) {
    const std::string layer = layers[i].substr(0, layers[i].find(' '));
    const Finished finished = look({"town.ply", "-o", "out.ply", "--layer", layer});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    const std::vector<float> values = weights(read_cloud(folder() / "out.ply"));
    ASSERT_THAT(values, SizeIs(points)) << layer;
    EXPECT_GT(*std::ranges::max_element(values), 0.0F) << layer;
    EXPECT_LE(*std::ranges::max_element(values), 1.0F) << layer;
    EXPECT_GE(*std::ranges::min_element(values), 0.0F) << layer;
  }
}

TEST_F(AttentionOfScenes, in_8_bits_is_close_to_that_of_float32) {
  const auto of_point = [&](const std::string& precision) {
    const Finished finished =
        look({"town.ply", "-o", "out.ply", "--query", "100", "--precision", precision});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return weights(read_cloud(folder() / "out.ply"));
  };
  const std::vector<float> exact = of_point("float32");
  const std::vector<float> rounded = of_point("int8");
  ASSERT_EQ(exact.size(), rounded.size());
  ASSERT_FALSE(exact.empty());
  EXPECT_NE(exact, rounded);
  const float largest = *std::ranges::max_element(exact);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    ASSERT_NEAR(rounded[i], exact[i], 0.1F * largest) << i;
  }
}

TEST_F(AttentionOfScenes, the_querys_class_is_told) {
  const Finished finished =
      look({"town.ply", "--matrix", "m.png", "--query", "100", "--head", "1"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const auto lines = lines_of(finished.out);
  ASSERT_THAT(lines, SizeIs(10));
  EXPECT_EQ(lines[0], "model     aerial");
  EXPECT_THAT(lines[2], StartsWith("class     "));
  EXPECT_THAT(lines[2], HasSubstr(" %, of the query point"));
  EXPECT_THAT(lines[3], HasSubstr(", head 1"));
  EXPECT_THAT(lines_of(look({"town.ply", "--matrix", "m.png"}).out), SizeIs(9)) << "no class";
}

TEST_F(AttentionOfScenes, options_that_do_not_fit_are_refused) {
  const auto refused = [&](std::vector<std::string> more, const std::string& line) {
    more.insert(more.begin(), {"town.ply", "-o", "out.ply"});
    const Finished finished = look(more);
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_EQ(finished.out, "");
    EXPECT_THAT(finished.err, StartsWith("ptattn-attention: " + line));
    EXPECT_THAT(lines_of(finished.err), SizeIs(1));
    EXPECT_FALSE(std::filesystem::exists(folder() / "out.ply"));
  };
  refused({"--category", "chair"}, "--category: aerial does not distinguish kinds of objects");
  refused({"--rollout"}, "dec.");  // its layers see coarser and coarser voxels
  refused({"--head", "99"}, "--head: dec.dec0.block0.attn has no head 99, expected one below ");
}

TEST_F(Attention, unknown_model_is_exit_code_4) {
  const Finished finished = run({.program = PTATTN_ATTENTION,
                                 .arguments = {"--model", "nowhere", "--list-layers"},
                                 .folder = folder()});
  EXPECT_EQ(finished.exit_code, 4);
  EXPECT_THAT(finished.err, StartsWith("ptattn-attention: nowhere: no such model"));
}

}  // namespace
}  // namespace ptattn::test
