// Pictures of matrices: ticks, letters, and what colour is where.

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <set>

#include "plot/draw.hpp"
#include "plot/font.hpp"
#include "plot/heat_map.hpp"

namespace ptattn::test {
namespace {

using namespace tools;
using testing::ElementsAre;

constexpr Rgb kWhite{255, 255, 255};
constexpr Rgb kBlack{0, 0, 0};

std::size_t count(const Image& image, const Rgb& color) {
  return static_cast<std::size_t>(std::ranges::count(image.pixels, color));
}

Matrix ramp(std::size_t side) {
  Matrix cells(side, side);
  for (std::size_t i = 0; i < side * side; ++i) cells.data()[i] = static_cast<float>(i);
  return cells;
}

HeatMap map_of(MatrixView cells) {
  return {.cells = cells,
          .tokens = static_cast<double>(cells.rows),
          .range = {0.0, static_cast<double>(cells.rows * cells.rows - 1)},
          .title = {"A title", "of two lines"},
          .columns = "columns",
          .rows = "rows",
          .values = "values"};
}

/// Upper left pixel of the first square of `color` with this side; the picture's end if none.
std::pair<std::size_t, std::size_t> find_square(const Image& image, const Rgb& color,
                                                std::size_t side) {
  for (std::size_t y = 0; y + side <= image.height; ++y) {
    for (std::size_t x = 0; x + side <= image.width; ++x) {
      bool all = true;
      for (std::size_t i = 0; all && i < side * side; ++i) {
        all = image.at(x + i % side, y + i / side) == color;
      }
      if (all) return {x, y};
    }
  }
  return {image.width, image.height};
}

TEST(axis_ticks, are_round_and_few) {
  EXPECT_THAT(axis_ticks(128), ElementsAre(0, 50, 100));
  EXPECT_THAT(axis_ticks(5), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(axis_ticks(60), ElementsAre(0, 10, 20, 30, 40, 50, 60));
  EXPECT_THAT(axis_ticks(61), ElementsAre(0, 20, 40, 60));
  EXPECT_THAT(axis_ticks(1), ElementsAre(0, 0.2, 0.4, 0.6000000000000001, 0.8, 1));
  for (const double none : {0.0, -1.0}) EXPECT_THAT(axis_ticks(none), ElementsAre(0));
  for (double last = 1e-6; last < 1e7; last *= 1.7) {
    const std::vector<double> ticks = axis_ticks(last);
    EXPECT_GE(ticks.size(), 3U) << last;
    EXPECT_LE(ticks.size(), 7U) << last;
    EXPECT_LE(ticks.back(), last * 1.0001) << last;
  }
}

TEST(font, every_character_looks_different) {
  std::set<std::array<std::uint8_t, kGlyphRows>> seen;
  for (char c = ' '; c <= '~'; ++c) EXPECT_TRUE(seen.insert(glyph_of(c)).second) << c;
  EXPECT_EQ(glyph_of('\x7f'), glyph_of('?'));
  EXPECT_EQ(glyph_of('\xe4'), glyph_of('?'));
  EXPECT_EQ(glyph_of('\n'), glyph_of('?'));
  EXPECT_THAT(glyph_of('T'), ElementsAre(31, 4, 4, 4, 4, 4, 4, 0, 0));
}

TEST(draw, text_is_made_of_its_dots) {
  Image image(40, 30, kWhite);
  write_text(image, 3, 2, "T", kBlack);
  EXPECT_EQ(count(image, kBlack), (5U + 6U) * kTextScale * kTextScale);
  EXPECT_EQ(image.at(3, 2), kBlack);
  EXPECT_EQ(image.at(12, 3), kBlack);
  EXPECT_EQ(image.at(13, 3), kWhite);
  EXPECT_EQ(image.at(7, 15), kBlack);
  EXPECT_EQ(text_length("T"), 10U);
  EXPECT_EQ(text_length("TT"), 22U);
  EXPECT_EQ(text_length(""), 0U);
}

TEST(draw, text_upwards_is_turned_to_the_left) {
  Image image(30, 40, kWhite);
  write_text(image, 2, 36, "T", kBlack, Direction::kUp);
  EXPECT_EQ(count(image, kBlack), (5U + 6U) * kTextScale * kTextScale);
  EXPECT_EQ(image.at(2, 35), kBlack);  // the bar of the T is a vertical line at its left
  EXPECT_EQ(image.at(2, 26), kBlack);
  EXPECT_EQ(image.at(2, 36), kWhite);
  EXPECT_EQ(image.at(15, 31), kBlack);
}

TEST(draw, what_lies_outside_is_left_out) {
  Image image(8, 8, kWhite);
  fill(image, 6, 6, 10, 10, kBlack);
  EXPECT_EQ(count(image, kBlack), 4U);
  fill(image, 100, 100, 1, 1, kBlack);
  write_text(image, 2, 2, "a long text", kBlack);
  write_text(image, 2, 4, "a long text", kBlack, Direction::kUp);
  EXPECT_EQ(image.pixels.size(), 64U);
}

TEST(heat_map, cells_are_squares_of_their_colour) {
  const Matrix cells = ramp(8);
  const Image image = draw(map_of(cells));
  constexpr std::size_t kSide = 512 / 8;
  const auto [left, top] = find_square(image, color_of(0.0), kSide);
  ASSERT_LT(left, image.width);
  for (std::size_t r = 0; r < 8; ++r) {
    for (std::size_t c = 0; c < 8; ++c) {
      const Rgb expected = color_of(cells(r, c) / 63.0);
      EXPECT_EQ(image.at(left + c * kSide, top + r * kSide), expected);
      EXPECT_EQ(image.at(left + c * kSide + kSide - 1, top + r * kSide + kSide - 1), expected);
    }
  }
}

TEST(heat_map, the_bar_has_the_largest_value_on_top) {
  Matrix dark(2, 2);
  std::ranges::fill(dark.values(), 0.0F);
  const Image image = draw(map_of(dark));
  std::vector<std::size_t> rows_of_yellow;
  std::size_t last_violet = 0;
  for (std::size_t y = 0; y < image.height; ++y) {
    for (std::size_t x = 0; x < image.width; ++x) {
      if (image.at(x, y) == color_of(1.0 - 0.5 / 512)) rows_of_yellow.push_back(y);
      if (image.at(x, y) == color_of(0.5 / 512)) last_violet = y;
    }
  }
  ASSERT_FALSE(rows_of_yellow.empty());
  EXPECT_LT(rows_of_yellow.back(), image.height / 3);
  EXPECT_GT(last_violet, image.height / 2);
}

TEST(heat_map, one_cell_and_many_cells) {
  for (const std::size_t side : {1U, 3U, 511U, 600U}) {
    const Matrix cells = ramp(side);
    const Image image = draw(map_of(cells));
    EXPECT_EQ(image.pixels.size(), image.width * image.height);
    EXPECT_GE(image.width, std::max<std::size_t>(side, 480));
    EXPECT_LE(image.width, 900U);
  }
}

TEST(heat_map, texts_that_are_too_long_are_cut) {
  const Matrix cells = ramp(4);
  HeatMap map = map_of(cells);
  const Image before = draw(map);
  map.title = {std::string(500, 'x'), "of two lines"};
  map.columns = map.rows = map.values = std::string(500, 'x');
  const Image image = draw(map);
  EXPECT_EQ(image.width, before.width);
  EXPECT_EQ(image.height, before.height);
}

}  // namespace
}  // namespace ptattn::test
