#include "canvas.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "draw.hpp"

namespace ptattn::tools {
namespace {

constexpr Rgb kPaper{255, 255, 255};
constexpr double kTextDescent = 12.0;  // from the upper edge of a text to the line it stands on

std::size_t pixel(double x) {
  return static_cast<std::size_t>(std::max(0.0, std::round(x)));
}

void draw_line(Image& image, Spot a, Spot b, const Rgb& color) {
  const double length = std::max({std::abs(b.x - a.x), std::abs(b.y - a.y), 1.0});
  const auto dots = static_cast<std::size_t>(std::ceil(length));
  for (std::size_t i = 0; i <= dots; ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(dots);
    fill(image, pixel(a.x + t * (b.x - a.x)), pixel(a.y + t * (b.y - a.y)), 1, 1, color);
  }
}

void draw_box(Image& image, Spot a, Spot b, const Rgb& color) {
  const std::size_t left = pixel(std::min(a.x, b.x));
  const std::size_t top = pixel(std::min(a.y, b.y));
  fill(image, left, top, pixel(std::max(a.x, b.x)) - left, pixel(std::max(a.y, b.y)) - top, color);
}

void draw_text(Image& image, Spot at, const std::string& text, Anchor anchor) {
  const double before = static_cast<double>(anchor) / 2.0;  // share of the text
  const double left = at.x - before * static_cast<double>(text_length(text));
  write_text(image, pixel(left), pixel(at.y), text, kInk);
}

std::string hex(const Rgb& color) {
  std::array<char, 8> text;
  std::snprintf(text.data(), text.size(), "#%02x%02x%02x", color[0], color[1], color[2]);
  return text.data();
}

std::string attribute(const char* name, double value) {
  return std::string(" ") + name + "=\"" + number_text(value) + "\"";
}

std::string svg_line(Spot a, Spot b, const Rgb& color) {
  return "<line" + attribute("x1", a.x) + attribute("y1", a.y) + attribute("x2", b.x) +
         attribute("y2", b.y) + " stroke=\"" + hex(color) + "\"/>\n";
}

std::string svg_text(Spot at, const std::string& text, Anchor anchor) {
  constexpr std::array kNames{"start", "middle", "end"};
  return "<text" + attribute("x", at.x) + attribute("y", at.y + kTextDescent) + " text-anchor=\"" +
         kNames[static_cast<std::size_t>(anchor)] + "\">" + text + "</text>\n";
}

std::string svg_box(Spot a, Spot b, const Rgb& color) {
  return "<rect" + attribute("x", std::min(a.x, b.x)) + attribute("y", std::min(a.y, b.y)) +
         attribute("width", std::abs(b.x - a.x)) + attribute("height", std::abs(b.y - a.y)) +
         " fill=\"" + hex(color) + "\"/>\n";
}

}  // namespace

std::string number_text(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

Image draw_image(Spot size, const Drawing& drawing) {
  Image image(pixel(size.x), pixel(size.y), kPaper);
  drawing({.line = [&](Spot a, Spot b, const Rgb& color) { draw_line(image, a, b, color); },
           .box = [&](Spot a, Spot b, const Rgb& color) { draw_box(image, a, b, color); },
           .text = [&](Spot at, const std::string& text,
                       Anchor anchor) { draw_text(image, at, text, anchor); }});
  return image;
}

std::string draw_svg(Spot size, const Drawing& drawing) {
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
                    number_text(size.x) + " " + number_text(size.y) +
                    "\" font-family=\"sans-serif\" font-size=\"14\">\n";
  drawing({.line = [&](Spot a, Spot b, const Rgb& color) { svg += svg_line(a, b, color); },
           .box = [&](Spot a, Spot b, const Rgb& color) { svg += svg_box(a, b, color); },
           .text = [&](Spot at, const std::string& text,
                       Anchor anchor) { svg += svg_text(at, text, anchor); }});
  return svg + "</svg>\n";
}

}  // namespace ptattn::tools
