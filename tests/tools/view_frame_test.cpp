// What ptattn-view draws around and over a scene: frame, legend, scale bar, text.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "view_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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

}  // namespace
}  // namespace ptattn::test
