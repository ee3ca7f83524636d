// ptattn-view: pictures whose content is counted, messages and exit codes. No display is needed:
// the command starts xvfb-run.

#include <gmock/gmock.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/image.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "tool_test.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr Rgb kGround{193, 161, 134};  // ASPRS
constexpr Rgb kVegetation{10, 99, 69};
constexpr Rgb kBuilding{220, 68, 19};
constexpr Rgb kWhite{255, 255, 255};

Image read_png(const std::string& path) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_file(&header, path.c_str()), 0) << header.message;
  header.format = PNG_FORMAT_RGB;
  Image image(header.width, header.height, {});
  EXPECT_NE(png_image_finish_read(&header, nullptr, image.pixels.data(), 0, nullptr), 0);
  return image;
}

/// The part of the pixels that have exactly this colour.
double share(const Image& image, const Rgb& color) {
  const auto count = std::ranges::count(image.pixels, color);
  return static_cast<double>(count) / static_cast<double>(image.pixels.size());
}

/// A wall of 100 x 100 points in the plane y = 0, as ASCII PLY.
std::string wall(const std::function<int(int column, int row)>& code) {
  std::string text =
      "ply\nformat ascii 1.0\nelement vertex 10000\nproperty double x\nproperty double y\n"
      "property double z\nproperty uchar classification\nproperty float height_above\nend_header\n";
  for (int row = 0; row < 100; ++row) {
    for (int column = 0; column < 100; ++column) {
      text += std::to_string(770'000 + column) + " 6277000 " + std::to_string(row) + " " +
              std::to_string(code(column, row)) + " " + std::to_string(row) + "\n";
    }
  }
  return text;
}

class View : public ToolTest {
 protected:
  View() : ToolTest(PTATTN_VIEW) { ::unsetenv("DISPLAY"); }

  Finished view(const std::vector<std::string>& arguments) {
    Command shown = command(arguments);
    shown.models.clear();
    return run(shown);
  }
  /// The picture of clouds seen from the front, in colours as they are.
  Image picture(std::vector<std::string> arguments) {
    for (const char* const more : {"--output", "view.png", "--size", "400x400", "--camera", "front",
                                   "--flat", "--no-legend", "--point-size", "6"}) {
      arguments.emplace_back(more);
    }
    last_ = view(arguments);
    EXPECT_EQ(last_.exit_code, 0) << last_.err;
    return read_png(folder() / "view.png");
  }
  [[nodiscard]] const Finished& last() const { return last_; }

 private:
  Finished last_;
};

int three_classes(int column, int /*row*/) {
  return column < 50 ? 2 : column < 80 ? 5 : 6;
}

TEST_F(View, pictures_show_the_colours_of_the_labels_in_their_proportions) {
  put("wall.ply", wall(three_classes));
  const Image image = picture({"wall.ply"});
  ASSERT_EQ(image.width, 400U);
  ASSERT_EQ(image.height, 400U);
  // The wall fills the picture but for its margins of 4 %; points of 6 pixels close it.
  const double all = share(image, kGround) + share(image, kVegetation) + share(image, kBuilding);
  EXPECT_NEAR(all, 0.92 * 0.92, 0.05);
  EXPECT_NEAR(share(image, kGround) / all, 0.5, 0.02);
  EXPECT_NEAR(share(image, kVegetation) / all, 0.3, 0.02);
  EXPECT_NEAR(share(image, kBuilding) / all, 0.2, 0.02);
  EXPECT_GT(share(image, kWhite), 0.1);
  // Left and right are not confused, and a national grid's coordinates are not rounded away.
  EXPECT_EQ(image.at(60, 200), kGround);
  EXPECT_EQ(image.at(340, 200), kBuilding);
  EXPECT_EQ(last().out,
            "wall.ply: 10000 points, coloured by classification\n"
            "   2  ground                 5000   50.0 %\n"
            "   5  high vegetation        3000   30.0 %\n"
            "   6  building               2000   20.0 %\n");
}

TEST_F(View, the_same_picture_twice) {
  put("wall.ply", wall(three_classes));
  const std::vector<std::string> arguments{"wall.ply", "--output", "a.png", "--size", "300x200"};
  ASSERT_EQ(view(arguments).exit_code, 0);
  const std::string first = read_file(folder() / "a.png");
  ASSERT_EQ(view(arguments).exit_code, 0);
  EXPECT_EQ(first, read_file(folder() / "a.png"));
  EXPECT_GT(first.size(), 1000U);
}

TEST_F(View, the_legend_has_the_colours) {
  put("wall.ply", wall([](int, int) { return 6; }));
  ASSERT_EQ(view({"wall.ply", "--output", "a.png", "--size", "600x200", "--background", "#102030",
                  "--camera", "top"})
                .exit_code,
            0);
  const Image image = read_png(folder() / "a.png");
  EXPECT_EQ(image.at(2, 2), (Rgb{0x10, 0x20, 0x30}));
  // From above the wall is a line: a square of 8 x 8 pixels of this colour is the legend's.
  EXPECT_GE(share(image, kBuilding) * 600 * 200, 8.0 * 8.0);
  EXPECT_EQ(share(image, kWhite), 0.0);
}

/// The pixels that differ, as {left, top, right, bottom}, borders included.
std::array<std::size_t, 4> difference(const Image& a, const Image& b) {
  std::array<std::size_t, 4> box{a.width, a.height, 0, 0};
  for (std::size_t y = 0; y < a.height; ++y) {
    for (std::size_t x = 0; x < a.width; ++x) {
      if (a.at(x, y) == b.at(x, y)) continue;
      box = {std::min(box[0], x), std::min(box[1], y), std::max(box[2], x), std::max(box[3], y)};
    }
  }
  return box;
}

/// Rows [top, bottom) of an image.
Image rows_of(const Image& image, std::size_t top, std::size_t bottom) {
  Image part(image.width, bottom - top, {});
  for (std::size_t y = top; y < bottom; ++y) {
    for (std::size_t x = 0; x < image.width; ++x) part.at(x, y - top) = image.at(x, y);
  }
  return part;
}

TEST_F(View, the_same_camera_gives_the_same_scene_whatever_lies_over_it) {
  put("wall.ply", wall(three_classes));
  const std::vector<std::string> common{"wall.ply", "-o",       "a.png", "--size",
                                        "400x400",  "--camera", "front"};
  const auto shown = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = common;
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(view(arguments).exit_code, 0);
    return read_png(folder() / "a.png");
  };
  const Image bare = shown({"--no-legend"});
  const Image full = shown({});
  // The legend in the upper right corner, the scale bar in the lower left one; nothing else.
  const auto legend = difference(rows_of(bare, 0, 200), rows_of(full, 0, 200));
  EXPECT_GT(legend[0], 200U);
  EXPECT_LT(legend[2], 400U - 5);
  EXPECT_GE(legend[1], 5U);
  EXPECT_LT(legend[3], 100U);
  const auto bar = difference(rows_of(bare, 200, 400), rows_of(full, 200, 400));
  EXPECT_GE(bar[0], 5U);
  EXPECT_LT(bar[2], 130U);
  EXPECT_GT(bar[1], 150U);
  // A quarter of the wall shines through the scale bar's panel.
  const Rgb below = bare.at(20, 376);
  ASSERT_NE(below, kWhite);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(full.at(20, 376)[c], 0.75 * 255.0 + 0.25 * below[c], 1.5);
  }
  // Other colours, the same outline.
  const Image heights = shown({"--colorize", "height_above", "--no-legend"});
  for (std::size_t i = 0; i < bare.pixels.size(); ++i) {
    ASSERT_EQ(bare.pixels[i] == kWhite, heights.pixels[i] == kWhite) << i;
  }
}

TEST_F(View, scale_bars_are_as_long_as_what_they_stand_for) {
  put("wall.ply", wall(three_classes));
  // The wall is in the plane of the camera's target: its 99 units are as long as the bar says.
  ASSERT_EQ(view({"wall.ply", "-o", "a.png", "--size", "1000x1000", "--camera", "front", "--flat",
                  "--point-size", "1", "--unit", "m"})
                .exit_code,
            0);
  const Image image = read_png(folder() / "a.png");
  std::size_t left = image.width, right = 0, bar = 0;
  for (std::size_t y = 0; y < image.height; ++y) {
    std::size_t run = 0;
    for (std::size_t x = 0; x < image.width; ++x) {
      const Rgb& color = image.at(x, y);
      run = color == Rgb{30, 30, 30} ? run + 1 : 0;
      bar = std::max(bar, run);
      if (y < 400 || y > 600 || color == kWhite) continue;
      left = std::min(left, x);
      right = std::max(right, x);
    }
  }
  const double pixels_per_unit = static_cast<double>(right - left) / 99.0;
  EXPECT_NEAR(static_cast<double>(bar), 20.0 * pixels_per_unit, 1.0);
}

TEST_F(View, the_frame_fits_the_bulk_and_strays_are_counted) {
  const std::string text = wall(three_classes);
  put("wall.ply", text);
  const Image without = picture({"wall.ply"});
  std::string stray = text;
  const std::size_t last_point = stray.rfind('\n', stray.size() - 2) + 1;
  stray.replace(last_point, std::string::npos, "0 0 0 2 0\n");
  put("stray.ply", stray);
  const Image with = picture({"stray.ply"});
  EXPECT_THAT(last().err, StartsWith("ptattn-view: stray.ply: the frame leaves out 1 of 10000 "
                                     "points, far away from the others\n"));
  EXPECT_NEAR(share(with, kWhite), share(without, kWhite), 0.002);
  EXPECT_NEAR(share(with, kBuilding), share(without, kBuilding), 0.002);
}

TEST_F(View, two_fields_of_one_cloud_are_compared_by_what_they_mean) {
  std::string text = wall(three_classes);
  const std::string column = "property uchar classification\n";
  text.replace(text.find(column), column.size(), "property uchar label\n");
  const std::string other = "property float height_above\n";
  text.replace(text.find(other), other.size(), "property float classification\n");
  put("wall.ply", text);  // rows 0 to 99 are the codes
  const Image image =
      picture({"wall.ply", "--compare-fields", "label", "classification", "--codes", "asprs"});
  EXPECT_THAT(last().out, HasSubstr("wall.ply: 10000 points, coloured by label\n"));
  EXPECT_THAT(last().out, HasSubstr("wall.ply: 10000 points, coloured by classification\n"));
  EXPECT_THAT(last().out, HasSubstr("label and classification differ: 9900 of 10000 points"));
  EXPECT_GT(share(image, kBuilding), 0.02);  // bright in the left pane
  EXPECT_EQ(view({"wall.ply", "wall.ply", "--compare-fields", "label", "classification"}).exit_code,
            2);
}

TEST_F(View, points_without_a_label_are_called_none) {
  std::string text = wall(three_classes);
  const std::string column = "property uchar classification\n";
  text.replace(text.find(column), column.size(), "property float scalar_Classification\n");
  const std::size_t first_point = text.find("end_header\n") + 11;
  const std::size_t end = text.find('\n', first_point);
  text.replace(first_point, end - first_point, "770000 6277000 0 nan 0");
  put("wall.ply", text);
  picture({"wall.ply"});
  EXPECT_THAT(last().out, HasSubstr("\n      none                      1    0.0 %\n"));
}

TEST_F(View, clouds_are_written_as_they_are_shown) {
  put("wall.ply", wall(three_classes));
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);  // no display is needed, xvfb-run is not either
  const Finished finished = view({"wall.ply", "-o", "shown.ply"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, StartsWith("wall.ply: 10000 points, coloured by classification\n"));
  const PointCloud cloud = read_cloud(folder() / "shown.ply");
  ASSERT_EQ(cloud.size(), 10000U);
  EXPECT_EQ(cloud.positions()[101], (Position{770'001.0, 6'277'000.0, 1.0}));
  EXPECT_EQ(cloud.find("classification")->as_double(60), 5.0);
  const std::vector<FieldColumn> colors = find_columns(cloud, "colors");
  ASSERT_THAT(colors, SizeIs(3));
  for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(colors[c](60), kVegetation[c]);
  ::setenv("PATH", path.c_str(), 1);
}

TEST_F(View, text_without_a_font_is_coarse_and_says_so) {
  put("wall.ply", wall(three_classes));
  put("no_fonts.conf", "<fontconfig></fontconfig>\n");
  ::setenv("FONTCONFIG_FILE", (folder() / "no_fonts.conf").c_str(), 1);
  const Finished finished = view({"wall.ply", "-o", "a.png"});
  ::unsetenv("FONTCONFIG_FILE");
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.err, StartsWith("ptattn-view: no font is installed, so text is drawn in "
                                       "dots; install fonts-dejavu-core\n"));
  EXPECT_GT(share(read_png(folder() / "a.png"), {30, 30, 30}), 0.0005);
}

TEST_F(View, other_fields_and_another_axis_up) {
  put("wall.ply", wall(three_classes));
  const Image image = picture({"wall.ply", "--colorize", "height_above"});
  EXPECT_EQ(share(image, kGround), 0.0);
  // Brighter towards the top.
  const auto brightness = [&](std::size_t y) {
    const Rgb c = image.at(200, y);
    return c[0] + c[1] + c[2];
  };
  EXPECT_GT(brightness(40), brightness(200));
  EXPECT_GT(brightness(200), brightness(360));
  EXPECT_THAT(last().out, HasSubstr("coloured by height_above from 1 to 98\n"));
  // With y up, a front view sees the wall, which lies, from its edge.
  EXPECT_LT(share(picture({"wall.ply", "--up", "y"}), kGround), 0.05);
}

TEST_F(View, comparisons_pale_what_is_equal) {
  put("a.ply", wall([](int, int) { return 2; }));
  put("b.ply", wall([](int column, int) { return column < 75 ? 2 : 6; }));
  const Image image = picture({"--compare", "a.ply", "b.ply"});
  EXPECT_EQ(last().out,
            "a.ply: 10000 points, coloured by classification\n"
            "   2  ground       10000  100.0 %\n"
            "b.ply: 10000 points, coloured by classification\n"
            "   2  ground          7500   75.0 %\n"
            "   6  building        2500   25.0 %\n"
            "different classification: 2500 of 10000 points, 25.00 %\n"
            "      ground -> building        2500   25.0 %\n");
  // Of the two walls a quarter is bright, each in its own colour.
  const double differing = share(image, kGround);
  EXPECT_NEAR(differing, share(image, kBuilding), 0.006);
  EXPECT_NEAR(differing, 0.25 * 0.5 * 0.92 * 0.5 * 0.92, 0.012);
}

TEST_F(View, clouds_that_do_not_belong_together_are_not_compared) {
  const auto refused = [&](const std::string& a, const std::string& b, const std::string& line) {
    put("a.ply", a);
    put("b.ply", b);
    const Finished finished = view({"--compare", "a.ply", "b.ply", "--output", "a.png"});
    EXPECT_EQ(finished.exit_code, 3);
    EXPECT_THAT(finished.err, HasSubstr("b.ply: " + line + "\n"));
  };
  refused(ply_shape(200), ply_shape(300),
          "has 300 points, a.ply has 200, --compare needs the same points");
  std::vector<std::array<double, 3>> row;
  for (int i = 0; i < 100; ++i) row.push_back({1.0 * i, 0.01 * i, 0.0});
  std::vector<std::array<double, 3>> away;
  for (const auto& p : row) away.push_back({p[0] + 5000.0, p[1], p[2]});
  refused(ply_text(row), ply_text(away),
          "lies 4901 away from a.ply, --compare needs the same points");
  std::vector<std::array<double, 3>> back(row.rbegin(), row.rend());
  refused(
      ply_text(row), ply_text(back),
      "has its points in another order than a.ply, or elsewhere, --compare needs the same points");
}

TEST_F(View, clouds_too_far_apart_to_be_seen_are_told) {
  put("a.ply", ply_text({{0, 0, 0}, {1, 0, 0}, {0, 1, 1}}));
  put("b.ply", ply_text({{200000, 0, 0}, {200001, 0, 0}, {200000, 1, 1}}));
  picture({"a.ply", "b.ply"});
  EXPECT_THAT(last().err,
              HasSubstr("b.ply lies 199999 away from a.ply, so both are too small to be "
                        "seen; view them one by one\n"));
  put("b.ply", ply_text({{5, 0, 0}, {6, 0, 0}, {5, 1, 1}}));
  picture({"a.ply", "b.ply"});
  EXPECT_THAT(last().err, Not(HasSubstr("away")));
}

TEST_F(View, labels_have_the_names_that_the_file_gives_them) {
  std::string parts = ply_text({{0, 0, 0}, {1, 0, 0}, {0, 1, 1}});
  const auto replace = [&](const std::string& from, const std::string& to) {
    parts.replace(parts.find(from), from.size(), to);
  };
  replace("format ascii 1.0\n",
          "format ascii 1.0\ncomment ptattn made by ptattn-segment 0.1.0\n"
          "comment ptattn labels label class\ncomment ptattn class 0 - Airplane.wing\n"
          "comment ptattn class 1 - Airplane.body\n");
  replace("property double z\n", "property double z\nproperty uchar label\n");
  std::istringstream lines(parts);
  std::string labelled;
  bool in_body = false;
  for (std::string line; std::getline(lines, line);) {
    labelled += line + (in_body ? " 1\n" : "\n");
    in_body = in_body || line == "end_header";
  }
  put("parts.ply", labelled);
  picture({"parts.ply"});
  EXPECT_THAT(last().out, HasSubstr("   1  Airplane.body"));
  picture({"parts.ply", "--model", PTATTN_SOURCE_DIR "/samples/models/aerial"});
  EXPECT_THAT(last().out, HasSubstr("   1  vegetation"));
}

TEST_F(View, large_clouds_are_thinned_and_say_so) {
  put("wall.ply", wall(three_classes));
  const Image image = picture({"wall.ply", "--max-points", "1000"});
  EXPECT_THAT(last().err,
              StartsWith("ptattn-view: wall.ply: 1000 of 10000 points are drawn, see --max-points\n"
                         "ptattn-view: 1 file, 10000 points, "));
  EXPECT_THAT(last().out, StartsWith("wall.ply: 10000 points, 1000 drawn, "));
  EXPECT_GT(share(image, kWhite), 0.3);
}

TEST_F(View, points_without_coordinates_are_left_out) {
  std::string text = ply_text({{0, 0, 0}, {1, 0, 0}, {0, 1, 1}});
  const std::size_t last_point = text.rfind('\n', text.size() - 2) + 1;
  put("hole.ply", text.replace(last_point, std::string::npos, "nan 1 1\n"));
  picture({"hole.ply"});
  EXPECT_THAT(last().out, StartsWith("hole.ply: 3 points, 2 drawn"));
}

void expect_one_line(const Finished& finished, int exit_code, const std::string& part) {
  EXPECT_EQ(finished.exit_code, exit_code);
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(lines_of(finished.err), SizeIs(1)) << finished.err;
  EXPECT_THAT(finished.err, StartsWith("ptattn-view: "));
  EXPECT_THAT(finished.err, HasSubstr(part));
}

TEST_F(View, wrong_inputs_are_one_line) {
  put("wall.ply", wall(three_classes));
  put("broken.ply", "ply\nnonsense\n");
  put("empty.ply", ply_text({}));
  const std::vector<std::string> shot{"--output", "a.png"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), shot.begin(), shot.end());
    return view(arguments);
  };
  expect_one_line(with({"missing.ply"}), 3, "missing.ply: ");
  expect_one_line(with({"broken.ply"}), 3, "broken.ply: ");
  expect_one_line(with({"empty.ply"}), 3, "empty.ply: has no point with finite coordinates");
  expect_one_line(with({"wall.ply", "--colorize", "nothing"}), 3,
                  "wall.ply: has nothing called nothing to colour by, it has classification, "
                  "height, height_above");
  expect_one_line(with({"wall.ply", "--model", "nowhere"}), 4, "nowhere: ");
  EXPECT_FALSE(std::filesystem::exists(folder() / "a.png"));
}

TEST_F(View, wrong_options_are_one_line) {
  expect_one_line(view({}), 2, "INPUT: missing");
  expect_one_line(view({"--compare", "a.ply"}), 2, "--compare: needs two clouds, got 1");
  expect_one_line(view({"a.ply", "--size", "big"}), 2, "--size: big is not a size");
  expect_one_line(view({"a.ply", "--size", "9000x10"}), 2, "--size: 9000x10 is not a size");
  expect_one_line(view({"a.ply", "--camera", "above"}), 2, "--camera: above is not a direction");
  expect_one_line(view({"a.ply", "--camera", "10,100"}), 2, "--camera: 10,100 is not a direction");
  expect_one_line(view({"a.ply", "--background", "#12345g"}), 2, "--background: #12345g is");
  expect_one_line(view({"a.ply", "--output", "a.jpg"}), 2,
                  "a.jpg: expected a name ending in .png or .ply");
}

TEST_F(View, a_window_without_a_display_says_why) {
  put("wall.ply", wall(three_classes));
  expect_one_line(view({"wall.ply"}), 3,
                  "window: cannot be opened, The DISPLAY environment variable is missing; a window "
                  "needs a desktop or ssh -X");
  ::setenv("DISPLAY", ":987", 1);
  expect_one_line(view({"wall.ply"}), 3, "window: cannot be opened, Failed to open display :987; ");
  ::setenv("DISPLAY", "", 1);
  expect_one_line(view({"wall.ply"}), 3, "window: cannot be opened, Failed to open display; ");
  ::unsetenv("DISPLAY");
}

TEST_F(View, a_picture_without_xvfb_says_what_to_install) {
  put("wall.ply", wall(three_classes));
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  expect_one_line(view({"wall.ply", "--output", "a.png"}), 3,
                  "for pictures without a display install xvfb and xauth");
  ::setenv("PATH", path.c_str(), 1);
}

TEST_F(View, help_and_version_are_known) {
  expect_known_help_and_version();
}

TEST_F(View, a_folder_gets_a_picture_per_cloud_and_bad_files_are_skipped) {
  put("in/a.ply", wall(three_classes));
  put("in/b.ply", wall([](int, int) { return 2; }));
  put("in/broken.ply", "ply\nnonsense\n");
  const Finished finished =
      view({"in", "-o", "pictures/", "--size", "200x200", "--format", "jsonl"});
  EXPECT_EQ(finished.exit_code, 3) << finished.err;
  EXPECT_THAT(lines_of(finished.out), SizeIs(3));
  EXPECT_THAT(finished.err, HasSubstr("1 of 3 inputs failed\n"));
  EXPECT_TRUE(has("pictures/a.png") && has("pictures/b.png"));
  ASSERT_EQ(view({"in/a.ply", "-o", "one.png", "--size", "200x200"}).exit_code, 0);
  EXPECT_EQ(get("one.png"), get("pictures/a.png"));
}

TEST_F(View, labels_that_are_nan_are_called_none) {
  constexpr int kNone = 99999;
  std::string text = wall([](int column, int row) {
    const int code = three_classes(column, row);
    return code == 5 ? kNone : code;
  });
  text.replace(text.find("uchar classification"), 20, "float scalar_Classification");
  for (std::size_t at = text.find(" 99999 "); at != std::string::npos;
       at = text.find(" 99999 ", at)) {
    text.replace(at, 7, " nan ");
  }
  put("nan.ply", text);
  (void)picture({"nan.ply"});
  EXPECT_EQ(last().out,
            "nan.ply: 10000 points, coloured by scalar_Classification\n"
            "   2  ground          5000   50.0 %\n"
            "   6  building        2000   20.0 %\n"
            "      none            3000   30.0 %\n");
  std::string other = wall(three_classes);
  other.replace(other.find("uchar classification"), 20, "float scalar_Classification");
  put("b.ply", other);
  const Finished compared =
      view({"--compare", "nan.ply", "b.ply", "-o", "c.png", "--colorize", "scalar_Classification"});
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  EXPECT_THAT(compared.out, HasSubstr("none -> high vegetation"));
  EXPECT_EQ(compared.out.find("-9223372036854775808"), std::string::npos);
}

TEST_F(View, colours_are_found_in_the_spelling_of_other_programs) {
  for (const char* const names :
       {"red green blue", "diffuse_red diffuse_green diffuse_blue", "r g b", "Red Green Blue"}) {
    std::istringstream words(names);
    std::string text =
        "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty "
        "float z\n";
    for (std::string name; words >> name;) text += "property uchar " + name + "\n";
    text += "end_header\n0 0 0 200 10 20\n1 0 0 200 10 20\n0 0 1 200 10 20\n1 0 1 200 10 20\n";
    put("a.ply", text);
    const Image image = picture({"a.ply", "--colorize", "rgb"});
    EXPECT_GT(share(image, Rgb{200, 10, 20}), 0.0) << names;
  }
}

}  // namespace
}  // namespace ptattn::test
