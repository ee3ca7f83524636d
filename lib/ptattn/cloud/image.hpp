#pragma once

#include <cstddef>
#include <vector>

#include "ptattn/cloud/paint.hpp"

namespace ptattn {

/// Represents a picture, row by row from the top left.
struct Image {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<Rgb> pixels;  ///< [height * width]

  Image() = default;
  Image(std::size_t columns, std::size_t rows, const Rgb& color)
      : width(columns), height(rows), pixels(columns * rows, color) {}

  [[nodiscard]] Rgb& at(std::size_t x, std::size_t y) { return pixels[y * width + x]; }
  [[nodiscard]] const Rgb& at(std::size_t x, std::size_t y) const { return pixels[y * width + x]; }
};

}  // namespace ptattn
