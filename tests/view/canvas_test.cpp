// Transparent pictures: what is laid over what, and smooth edges.

#include "ptattn/view/canvas.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

namespace ptattn::test {
namespace {

using namespace view;
using testing::Each;
using testing::ElementsAre;

constexpr Rgb kRed{200, 0, 0};
constexpr Rgb kBlue{0, 0, 100};

TEST(canvas, begins_transparent_and_keeps_what_lies_inside) {
  Canvas canvas(3, 2);
  EXPECT_THAT(canvas.pixels(), Each(ElementsAre(0, 0, 0, 0)));
  canvas.fill({1, -5, 10, 6}, kRed);
  EXPECT_THAT(canvas.at(0, 0), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(canvas.at(1, 0), ElementsAre(200, 0, 0, 255));
  EXPECT_THAT(canvas.at(2, 0), ElementsAre(200, 0, 0, 255));
  EXPECT_THAT(canvas.at(2, 1), ElementsAre(0, 0, 0, 0));
}

TEST(canvas, half_a_colour_over_nothing_and_over_another) {
  Canvas canvas(1, 1);
  canvas.fill({0, 0, 1, 1}, kRed, 0.5);
  EXPECT_THAT(canvas.at(0, 0), ElementsAre(200, 0, 0, 128));
  // a' = 1/2 + 1/2 128/255, C' = (1/2 c + 1/2 128/255 C) / a'
  canvas.fill({0, 0, 1, 1}, kBlue, 0.5);
  EXPECT_THAT(canvas.at(0, 0), ElementsAre(67, 0, 67, 192));
  Canvas opaque(1, 1);
  opaque.fill({0, 0, 1, 1}, kRed);
  opaque.fill({0, 0, 1, 1}, kBlue, 0.25);
  EXPECT_THAT(opaque.at(0, 0), ElementsAre(150, 0, 25, 255));
}

TEST(canvas, masks_cover_by_their_numbers) {
  Canvas canvas(4, 1);
  canvas.fill(1, 0, {.width = 2, .height = 1, .cover = {255, 51}}, kBlue);
  EXPECT_THAT(canvas.at(0, 0), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(canvas.at(1, 0), ElementsAre(0, 0, 100, 255));
  EXPECT_THAT(canvas.at(2, 0), ElementsAre(0, 0, 100, 51));
  EXPECT_THAT(canvas.at(3, 0), ElementsAre(0, 0, 0, 0));
}

TEST(canvas, shapes_have_their_area_and_smooth_edges) {
  Canvas canvas(40, 40);
  canvas.fill({0, 0, 40, 40}, kRed,
              [](double x, double y) { return std::hypot(x - 20.0, y - 20.0) < 15.0; });
  double area = 0.0;
  std::size_t partly = 0;
  for (const Canvas::Pixel& pixel : canvas.pixels()) {
    area += pixel[3] / 255.0;
    partly += pixel[3] > 0 && pixel[3] < 255 ? 1 : 0;
  }
  EXPECT_NEAR(area, std::numbers::pi * 15.0 * 15.0, 3.0);
  EXPECT_GT(partly, 50U);
}

TEST(canvas, a_canvas_lies_over_another_at_its_place) {
  Canvas small(1, 1);
  small.fill({0, 0, 1, 1}, kBlue, 0.25);
  Canvas large(2, 2);
  large.fill({0, 0, 2, 2}, kRed);
  large.lay(1, 0, small);
  large.lay(-1, 5, small);
  EXPECT_THAT(large.at(0, 0), ElementsAre(200, 0, 0, 255));
  EXPECT_THAT(large.at(1, 0), ElementsAre(150, 0, 25, 255));
}

}  // namespace
}  // namespace ptattn::test
