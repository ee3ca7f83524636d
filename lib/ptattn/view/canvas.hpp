#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ptattn/cloud/types.hpp"

namespace ptattn::view {

/// Represents a rectangle of pixels; x and y are those of its upper left corner.
struct PixelBox {
  std::ptrdiff_t x = 0;
  std::ptrdiff_t y = 0;
  std::ptrdiff_t width = 0;
  std::ptrdiff_t height = 0;
};

/// Says how much of each pixel a shape covers, row by row from the top left: 0 nothing, 255 all.
struct Mask {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<std::uint8_t> cover;  ///< [height * width]
};

/// Represents a picture to lay over another one: pixels of red, green, blue and opacity, row by row
/// from the top left. Everything drawn outside of it is left out.
class Canvas {
 public:
  using Pixel = std::array<std::uint8_t, 4>;

  Canvas() = default;
  /// Makes a transparent picture.
  Canvas(std::size_t width, std::size_t height)
      : width_(width), height_(height), pixels_(width * height) {}

  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] std::size_t height() const { return height_; }
  [[nodiscard]] std::span<const Pixel> pixels() const { return pixels_; }
  [[nodiscard]] const Pixel& at(std::size_t x, std::size_t y) const {
    return pixels_[y * width_ + x];
  }

  /// Fills a rectangle.
  /// @param opacity  0 to 1
  void fill(const PixelBox& box, const Rgb& color, double opacity = 1.0);
  /// Fills what a mask covers whose upper left corner lies at (x, y).
  void fill(std::ptrdiff_t x, std::ptrdiff_t y, const Mask& mask, const Rgb& color);
  /// Fills the points for which `inside` holds, with smooth edges (16 samples a pixel).
  /// @param box     no point of the shape lies outside of it
  /// @param inside  takes coordinates of the canvas; pixel (0, 0) is [0, 1) x [0, 1)
  void fill(const PixelBox& box, const Rgb& color,
            const std::function<bool(double x, double y)>& inside);
  /// Lays another canvas over this one, its upper left corner at (x, y).
  void lay(std::ptrdiff_t x, std::ptrdiff_t y, const Canvas& other);

 private:
  /// Lays a colour over one pixel:
  ///   a' = a + (1 - a) A,  C' = (a c + (1 - a) A C) / a'   Porter and Duff 1984, "over"
  void cover(std::ptrdiff_t x, std::ptrdiff_t y, const Rgb& color, double opacity);

  std::size_t width_ = 0;
  std::size_t height_ = 0;
  std::vector<Pixel> pixels_;
};

}  // namespace ptattn::view
