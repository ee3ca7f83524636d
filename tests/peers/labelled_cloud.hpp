#pragma once

#include <string>
#include <vector>

#include "ptattn/cloud/paint.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::test {

inline constexpr std::size_t kLabelledPoints = 500;
inline constexpr std::uint32_t kLabels = 6;

/// The colour of a label.
inline Rgb label_color(std::uint32_t label) {
  const auto shade = static_cast<std::uint8_t>(40 * label);
  return {shade, static_cast<std::uint8_t>(255 - shade), 7};
}

/// What ptattn-segment --colorize adds to a cloud of float coordinates: label (uint), confidence
/// (float), and colours in the layout that belongs to the file's name.
inline PointCloud labelled_cloud(const std::string& path) {
  PointCloud cloud(kLabelledPoints);
  for (const char* name : {"x", "y", "z", "confidence"}) {
    Random random(fnv1a64(name));
    for (float& v : cloud.add(name, FieldType::kFloat32).values<float>()) {
      v = static_cast<float>(random.uniform());
    }
  }
  Random random(7);
  std::vector<Rgb> colors;
  for (std::uint32_t& v : cloud.add("label", FieldType::kUInt32).values<std::uint32_t>()) {
    v = static_cast<std::uint32_t>(random.below(kLabels));
    colors.push_back(label_color(v));
  }
  paint(cloud, colors, color_layout_of(path));
  return cloud;
}

}  // namespace ptattn::test
