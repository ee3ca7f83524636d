// What lies over a scene: legends, scale bars, compasses, captions, and where they lie.

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "../io/temp_folder.hpp"
#include "../sanitizers.hpp"
#include "view/captions.hpp"
#include "view/legend_panel.hpp"
#include "view/map_marks.hpp"
#include "view/overlays.hpp"
#include "view/summary.hpp"

namespace ptattn::test {
namespace {

using namespace tools;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Rgb kWhite{255, 255, 255};
constexpr Rgb kInk{30, 30, 30};

class Panels : public testing::Test {
 protected:
  [[nodiscard]] PanelStyle style(std::size_t em = 20) const { return {lettering, kWhite, em}; }

  const Lettering lettering;
};

Rgb color_at(const view::Canvas& canvas, std::size_t x, std::size_t y) {
  const auto& [red, green, blue, opacity] = canvas.at(x, y);
  return {red, green, blue};
}

/// The longest run of opaque pixels of a colour in any row.
std::size_t longest_run(const view::Canvas& canvas, const Rgb& color) {
  std::size_t longest = 0;
  for (std::size_t y = 0; y < canvas.height(); ++y) {
    std::size_t run = 0;
    for (std::size_t x = 0; x < canvas.width(); ++x) {
      const bool same = color_at(canvas, x, y) == color && canvas.at(x, y)[3] == 255;
      run = same ? run + 1 : 0;
      longest = std::max(longest, run);
    }
  }
  return longest;
}

std::size_t count(const view::Canvas& canvas, const Rgb& color) {
  return static_cast<std::size_t>(
      std::ranges::count_if(canvas.pixels(), [&](const view::Canvas::Pixel& p) {
        return Rgb{p[0], p[1], p[2]} == color && p[3] == 255;
      }));
}

view::Legend classes(std::size_t n) {
  view::Legend legend{.source = {"classification", view::ColorKind::kClasses}};
  for (std::size_t i = 0; i < n; ++i) {
    const auto level = static_cast<std::uint8_t>(40 + i);
    legend.classes.push_back(
        {.style = {static_cast<std::int64_t>(i), "class", {level, 200, 0}}, .points = 1});
  }
  return legend;
}

view::Legend scale(double low, double high) {
  return {.source = {"height", view::ColorKind::kHeight}, .range = ColorRange{low, high}};
}

TEST_F(Panels, lengths_of_scale_bars_are_round_and_right_to_a_pixel) {
  for (const double pixels_per_unit : {0.0037, 0.9, 7.3, 12.4, 512.0, 1e6}) {
    for (const std::size_t most : {40U, 100U, 256U}) {
      const auto found = scale_length(pixels_per_unit, most);
      ASSERT_TRUE(found);
      const double digits = found->length / std::pow(10.0, std::floor(std::log10(found->length)));
      EXPECT_TRUE(std::abs(digits - 1.0) < 1e-9 || std::abs(digits - 2.0) < 1e-9 ||
                  std::abs(digits - 5.0) < 1e-9)
          << found->length;
      EXPECT_LE(found->pixels, most);
      EXPECT_GT(found->pixels * 5, most * 2 - 10);
      EXPECT_NEAR(static_cast<double>(found->pixels), found->length * pixels_per_unit, 0.5);
      EXPECT_EQ(longest_run(draw_scale_bar(*found, "m", style()), kInk), found->pixels);
    }
  }
  EXPECT_FALSE(scale_length(0.0, 100));
}

TEST_F(Panels, compasses_point_north_and_lie_on_the_ground) {
  // North of the needle's middle it is filled, south of it hollow.
  const auto is_ink = [&](const view::Direction& direction, int right, int down) {
    const auto canvas = draw_compass(view::orientation_of(direction, Axis::kZ), style(40));
    EXPECT_TRUE(canvas);
    const int middle = static_cast<int>(canvas->width()) / 2;
    return color_at(*canvas, static_cast<std::size_t>(middle + right),
                    static_cast<std::size_t>(middle + down)) == kInk;
  };
  const view::Direction top{0.0, 90.0};  // north is up
  EXPECT_TRUE(is_ink(top, 0, -12));
  EXPECT_FALSE(is_ink(top, 0, 12));
  EXPECT_TRUE(is_ink(top, 0, -50));
  const view::Direction from_west{-90.0, 90.0};  // looking east, north is to the left
  EXPECT_TRUE(is_ink(from_west, -12, 0));
  EXPECT_FALSE(is_ink(from_west, 12, 0));
  const view::Direction tilted{0.0, 30.0};  // half as long
  EXPECT_TRUE(is_ink(tilted, 0, -6));
  EXPECT_FALSE(is_ink(tilted, 0, 6));
  EXPECT_TRUE(is_ink(tilted, 0, -24));
  EXPECT_FALSE(draw_compass(view::orientation_of({30.0, 5.0}, Axis::kZ), style()));
}

TEST_F(Panels, legends_have_a_square_per_class_and_count_what_does_not_fit) {
  const view::Legend few = classes(4);
  const view::Canvas panel = draw_legend(few, "", 400, style());
  for (const view::LegendClass& entry : few.classes) {
    EXPECT_EQ(count(panel, entry.style.color), 16U * 16U);  // 8/10 of an em
    EXPECT_EQ(longest_run(panel, entry.style.color), 16U);
  }
  const view::Legend many = classes(60);
  const view::Canvas cut = draw_legend(many, "", 400, style());
  EXPECT_LE(cut.height(), 400U);
  EXPECT_GT(cut.height(), 360U);
  EXPECT_EQ(count(cut, many.classes[0].style.color), 256U);
  EXPECT_EQ(count(cut, many.classes[59].style.color), 0U);
}

TEST(view_summary, of_many_classes_takes_the_time_of_their_number) {
  view::Legend legend{.source = {"instance", view::ColorKind::kClasses}};
  for (std::int64_t i = 0; i < 65'536; ++i) {
    legend.classes.push_back({.style = {i, "class " + std::to_string(i), {}}, .points = 1});
  }
  // A look at each name before it takes minutes.
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(summary_json({}, legend).at("classes").size(), legend.classes.size());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2 * test::kSlowdown));
}

TEST(view_summary, counts_classes_of_one_name_together) {
  EXPECT_EQ(summary_json({}, classes(3)).at("classes").dump(), R"({"class":3})");
}

TEST_F(Panels, letters_and_legends_grow_with_the_picture) {
  EXPECT_EQ(em_of(1480), 40U);
  EXPECT_EQ(em_of(100), 10U);
  const view::Canvas small = draw_legend(classes(4), "", 4000, style(10));
  const view::Canvas large = draw_legend(classes(4), "", 4000, style(40));
  EXPECT_NEAR(static_cast<double>(large.width()), 4.0 * static_cast<double>(small.width()), 20.0);
  EXPECT_NEAR(static_cast<double>(large.height()), 4.0 * static_cast<double>(small.height()), 20.0);
}

TEST_F(Panels, bars_go_from_the_colour_of_the_lowest_to_that_of_the_highest_number) {
  const view::Canvas panel = draw_legend(scale(0.0, 10.0), "m", 400, style());
  constexpr std::size_t kBar = 160;  // 8 ems
  const std::size_t x = 20;          // inside the bar, which begins at 6/10 of an em
  const std::size_t below = 12 + lettering.set("", 20).height / 2;  // padding and half a line
  const std::size_t end = panel.height() - below;
  for (std::size_t i = 0; i < kBar; ++i) {
    const double part = static_cast<double>(i) / (kBar - 1);
    ASSERT_EQ(color_at(panel, x, end - 1 - i), color_of(part)) << i;
  }
  EXPECT_NE(color_at(panel, x, end), color_of(0.0));
}

TEST_F(Panels, bars_say_where_numbers_lie_beyond_them) {
  view::Legend legend = scale(0.0, 10.0);
  const std::size_t plain = draw_legend(legend, "", 400, style()).width();
  legend.above = true;
  const view::Canvas above = draw_legend(legend, "", 400, style());
  EXPECT_GT(above.width(), plain);  // "≥ 10"
  legend.below = true;
  EXPECT_NE(draw_legend(legend, "", 400, style()).pixels().size(), 0U);
  EXPECT_FALSE(std::ranges::equal(draw_legend(legend, "", 400, style()).pixels(), above.pixels()));
}

TEST_F(Panels, low_pictures_have_low_bars) {
  EXPECT_LE(draw_legend(scale(0.0, 10.0), "m", 110, style()).height(), 110U);
}

TEST(ticks, are_round) {
  EXPECT_THAT(round_ticks(0.0, 10.0, 6), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(round_ticks(-0.31, 0.42, 5),
              ElementsAre(testing::DoubleNear(-0.2, 1e-12), 0, testing::DoubleNear(0.2, 1e-12),
                          testing::DoubleNear(0.4, 1e-12)));
  EXPECT_THAT(round_ticks(770'612.0, 770'660.0, 5),
              ElementsAre(770'620, 770'630, 770'640, 770'650, 770'660));
  EXPECT_THAT(round_ticks(1.0, 1.0, 5), IsEmpty());
  EXPECT_THAT(round_ticks(1e300, 1.0001e300, 5), SizeIs(testing::Le(6U)));
}

TEST(ticks, have_the_decimals_that_their_step_needs) {
  EXPECT_EQ(tick_text(10.0, 2.0), "10");
  EXPECT_EQ(tick_text(0.2, 0.1), "0.2");
  EXPECT_EQ(tick_text(0.25, 0.05), "0.25");
  EXPECT_EQ(tick_text(770'620.0, 20.0), "770620");
  EXPECT_EQ(tick_text(1.25e9, 1.0), "1.25e+09");
  EXPECT_EQ(tick_text(2e-9, 1e-9), "2e-09");
}

TEST(captions, are_what_tells_paths_apart) {
  EXPECT_THAT(distinguishing_names({"a/tile.ply", "a/town.ply"}),
              ElementsAre("tile.ply", "town.ply"));
  EXPECT_THAT(distinguishing_names({"x/spring/tile.ply", "x/autumn/tile.ply"}),
              ElementsAre("spring/tile.ply", "autumn/tile.ply"));
  EXPECT_THAT(distinguishing_names({"/s/a/north/tile.ply", "/s/b/north/tile.ply"}),
              ElementsAre("a/…/tile.ply", "b/…/tile.ply"));
  EXPECT_THAT(distinguishing_names({"tile.ply", "old/tile.ply", "town.ply"}),
              ElementsAre("tile.ply", "old/tile.ply", "town.ply"));
  EXPECT_THAT(distinguishing_names({"./a.ply", "a.ply"}), ElementsAre("a.ply", "a.ply"));
  EXPECT_THAT(distinguishing_names({"only.ply"}), ElementsAre("only.ply"));
}

TEST_F(Panels, long_captions_are_cut_in_the_middle) {
  const view::Canvas whole = draw_caption("spring/tile_0770_6277.ply", 1000, style());
  const view::Canvas cut = draw_caption("spring/tile_0770_6277.ply", 150, style());
  EXPECT_LE(cut.width(), 150U);
  EXPECT_GT(cut.width(), 120U);
  // Both begin alike.
  const std::size_t start = 40;
  for (std::size_t y = 0; y < cut.height(); ++y) {
    for (std::size_t x = 0; x < start; ++x) ASSERT_EQ(cut.at(x, y), whole.at(x, y));
  }
  EXPECT_LE(draw_caption("spring/tile_0770_6277.ply", 5, style()).width(), 5U);
}

/// Where overlays lie: {x, y, width, height}.
std::vector<std::array<std::size_t, 4>> boxes_of(const std::vector<view::Overlay>& overlays) {
  std::vector<std::array<std::size_t, 4>> boxes;
  for (const view::Overlay& o : overlays) {
    boxes.push_back({o.x, o.y, o.canvas.width(), o.canvas.height()});
  }
  return boxes;
}

view::Sight sight(std::size_t width, std::size_t height, std::size_t panes = 1) {
  return {.width = width,
          .height = height,
          .pane_width = width / panes,
          .pixels_per_unit = 7.3,
          .axes = view::orientation_of({30.0, 38.0}, Axis::kZ)};
}

TEST_F(Panels, lie_in_the_corners_inside_the_picture) {
  const Overlays overlays{
      .legends = {classes(3)}, .length_unit = "m", .compass = true, .background = kWhite};
  const auto laid = boxes_of(lay_out(overlays, lettering, sight(1000, 560)));
  ASSERT_THAT(laid, SizeIs(3));
  const std::size_t margin = em_of(560) / 2;
  const auto& [legend, bar, compass] = std::tie(laid[0], laid[1], laid[2]);
  EXPECT_EQ(legend[0] + legend[2], 1000 - margin);
  EXPECT_EQ(legend[1], margin);
  EXPECT_EQ(bar[0], margin);
  EXPECT_EQ(bar[1] + bar[3], 560 - margin);
  EXPECT_EQ(compass[0] + compass[2], 1000 - margin);
  EXPECT_EQ(compass[1] + compass[3], 560 - margin);
}

TEST_F(Panels, panes_have_captions_and_legends_of_their_own) {
  const Overlays overlays{.legends = {classes(3), scale(0.0, 1.0)},
                          .captions = {"label", "confidence"},
                          .background = kWhite};
  const auto laid = boxes_of(lay_out(overlays, lettering, sight(1000, 500, 2)));
  ASSERT_THAT(laid, SizeIs(5));
  EXPECT_EQ(laid[0][0], 0U);
  EXPECT_EQ(laid[1][0], 500U);
  EXPECT_EQ(laid[2][0] + laid[2][2], 500 - em_of(500) / 2);
  EXPECT_EQ(laid[3][0] + laid[3][2], 1000 - em_of(500) / 2);
}

TEST_F(Panels, small_pictures_have_none_that_would_hide_them) {
  const Overlays overlays{.legends = {classes(3)}, .compass = true, .background = kWhite};
  for (const auto& [x, y, width, height] : boxes_of(lay_out(overlays, lettering, sight(120, 90)))) {
    EXPECT_LE(3 * width, 2 * 120U);
    EXPECT_LE(3 * height, 2 * 90U);
  }
  EXPECT_THAT(lay_out(overlays, lettering, sight(16, 16)), IsEmpty());
}

TEST(letters, without_a_font_are_dots) {
  const TempFolder folder;
  const std::string settings = folder / "none.conf";
  std::ofstream(settings) << "<fontconfig></fontconfig>\n";
  ::setenv("FONTCONFIG_FILE", settings.c_str(), 1);
  const Lettering dots;
  ::unsetenv("FONTCONFIG_FILE");
  EXPECT_FALSE(dots.has_font());
  const view::Mask small = dots.set("≥ 5", 10);
  const view::Mask large = dots.set("≥ 5", 40);
  EXPECT_EQ(large.width, 4 * small.width);
  EXPECT_EQ(small.width, dots.set(">= 5", 10).width);
  EXPECT_GT(std::ranges::count(small.cover, 255), 10);
  // A legend with them is one as well.
  const view::Legend legend = classes(2);
  const view::Canvas panel = draw_legend(legend, "", 400, {dots, kWhite, 20});
  EXPECT_EQ(count(panel, legend.classes[1].style.color), 256U);
}

}  // namespace
}  // namespace ptattn::test
