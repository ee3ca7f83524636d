#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ptattn/view/canvas.hpp"

namespace ptattn::view {

/// Represents a font of outlines, drawn at any size with smooth edges. For one thread at a time.
class Typeface {
 public:
  /// Opens DejaVu Sans or the font that the system offers in its place (fontconfig).
  /// @return nothing where no font of outlines is installed
  [[nodiscard]] static std::unique_ptr<Typeface> find(std::string_view family = "DejaVu Sans");

  ~Typeface();
  Typeface(const Typeface&) = delete;
  Typeface& operator=(const Typeface&) = delete;

  /// Draws a line of text.
  ///
  /// All lines of one size are equally high, from the tallest ascender to the lowest descender, so
  /// that their letters stand on one level. Characters that the font lacks become its empty box.
  /// @param utf8    wrong bytes become U+FFFD
  /// @param pixels  of an em, 1 to 500
  [[nodiscard]] Mask set(std::string_view utf8, std::size_t pixels);

 private:
  struct Impl;
  explicit Typeface(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace ptattn::view
