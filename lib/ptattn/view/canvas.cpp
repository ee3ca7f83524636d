#include "ptattn/view/canvas.hpp"

#include <cmath>

namespace ptattn::view {
namespace {

constexpr int kSamples = 4;  // a side of a pixel
constexpr double kOpaque = 255.0;

}  // namespace

void Canvas::cover(std::ptrdiff_t x, std::ptrdiff_t y, const Rgb& color, double opacity) {
  if (x < 0 || y < 0 || opacity <= 0.0) return;
  const auto column = static_cast<std::size_t>(x);
  const auto row = static_cast<std::size_t>(y);
  if (column >= width_ || row >= height_) return;
  Pixel& pixel = pixels_[row * width_ + column];
  const double below = (1.0 - opacity) * pixel[3] / kOpaque;
  const double sum = opacity + below;
  for (std::size_t c = 0; c < color.size(); ++c) {
    pixel[c] =
        static_cast<std::uint8_t>(std::lround((opacity * color[c] + below * pixel[c]) / sum));
  }
  pixel[3] = static_cast<std::uint8_t>(std::lround(kOpaque * sum));
}

void Canvas::fill(const PixelBox& box, const Rgb& color, double opacity) {
  for (std::ptrdiff_t y = box.y; y < box.y + box.height; ++y) {
    for (std::ptrdiff_t x = box.x; x < box.x + box.width; ++x) cover(x, y, color, opacity);
  }
}

void Canvas::fill(std::ptrdiff_t x, std::ptrdiff_t y, const Mask& mask, const Rgb& color) {
  for (std::size_t i = 0; i < mask.cover.size(); ++i) {
    cover(x + static_cast<std::ptrdiff_t>(i % mask.width),
          y + static_cast<std::ptrdiff_t>(i / mask.width), color, mask.cover[i] / kOpaque);
  }
}

void Canvas::fill(const PixelBox& box, const Rgb& color,
                  const std::function<bool(double, double)>& inside) {
  for (std::ptrdiff_t y = box.y; y < box.y + box.height; ++y) {
    for (std::ptrdiff_t x = box.x; x < box.x + box.width; ++x) {
      int covered = 0;
      for (int i = 0; i < kSamples * kSamples; ++i) {
        const double right = (i % kSamples + 0.5) / kSamples;
        const double down = (i / kSamples + 0.5) / kSamples;
        covered += inside(static_cast<double>(x) + right, static_cast<double>(y) + down) ? 1 : 0;
      }
      cover(x, y, color, static_cast<double>(covered) / (kSamples * kSamples));
    }
  }
}

void Canvas::lay(std::ptrdiff_t x, std::ptrdiff_t y, const Canvas& other) {
  for (std::size_t i = 0; i < other.pixels_.size(); ++i) {
    const auto& [red, green, blue, opacity] = other.pixels_[i];
    cover(x + static_cast<std::ptrdiff_t>(i % other.width_),
          y + static_cast<std::ptrdiff_t>(i / other.width_), {red, green, blue}, opacity / kOpaque);
  }
}

}  // namespace ptattn::view
