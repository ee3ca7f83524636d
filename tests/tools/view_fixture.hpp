#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "ptattn/cloud/image.hpp"
#include "tool_test.hpp"

namespace ptattn::test {

inline constexpr Rgb kGround{193, 161, 134};  // ASPRS
inline constexpr Rgb kVegetation{10, 99, 69};
inline constexpr Rgb kBuilding{220, 68, 19};
inline constexpr Rgb kWhite{255, 255, 255};

inline Image read_png(const std::string& path) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_file(&header, path.c_str()), 0) << header.message;
  header.format = PNG_FORMAT_RGB;
  Image image(header.width, header.height, {});
  EXPECT_NE(png_image_finish_read(&header, nullptr, image.pixels.data(), 0, nullptr), 0);
  return image;
}

/// The part of the pixels that have exactly this colour.
inline double share(const Image& image, const Rgb& color) {
  const auto count = std::ranges::count(image.pixels, color);
  return static_cast<double>(count) / static_cast<double>(image.pixels.size());
}

/// A wall of 100 x 100 points in the plane y = 0, as ASCII PLY.
inline std::string wall(const std::function<int(int column, int row)>& code) {
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

/// Runs ptattn-view. No display is needed: the command starts xvfb-run.
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

/// Codes of ground, vegetation and buildings, from left to right.
inline int three_classes(int column, int /*row*/) {
  return column < 50 ? 2 : column < 80 ? 5 : 6;
}

}  // namespace ptattn::test
