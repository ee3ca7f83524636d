#include "ptattn/cloud/paint.hpp"

#include <bit>
#include <string>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

constexpr std::array<const char*, 3> kChannelNames{"red", "green", "blue"};
constexpr const char* kPackedName = "rgb";

void move_aside(PointCloud& cloud, const std::string& name) {
  Field* const field = cloud.find(name);
  if (field == nullptr) return;
  std::string kept = "original_" + name;
  for (int i = 2; cloud.find(kept) != nullptr; ++i) {
    kept = "original_" + name + "_" + std::to_string(i);
  }
  field->rename(std::move(kept));
}

void add_channels(PointCloud& cloud, std::span<const Rgb> colors) {
  for (std::size_t c = 0; c < kChannelNames.size(); ++c) {
    const auto values = cloud.add(kChannelNames[c], FieldType::kUInt8).values<std::uint8_t>();
    for (std::size_t i = 0; i < colors.size(); ++i) values[i] = colors[i][c];
  }
}

void add_packed(PointCloud& cloud, std::span<const Rgb> colors) {
  const auto values = cloud.add(kPackedName, FieldType::kFloat32).values<float>();
  for (std::size_t i = 0; i < colors.size(); ++i) {
    const auto [red, green, blue] = colors[i];
    values[i] = std::bit_cast<float>(std::uint32_t{red} << 16 | std::uint32_t{green} << 8 | blue);
  }
}

}  // namespace

void paint(PointCloud& cloud, std::span<const Rgb> colors, ColorLayout layout) {
  if (colors.size() != cloud.size()) {
    throw Error(Fault::kUsage, "paint",
                "got " + std::to_string(colors.size()) + " colours for " +
                    std::to_string(cloud.size()) + " points");
  }
  if (layout == ColorLayout::kChannels) {
    for (const char* const name : kChannelNames) move_aside(cloud, name);
    add_channels(cloud, colors);
  } else {
    for (const char* const name : {kPackedName, "rgba"}) move_aside(cloud, name);
    add_packed(cloud, colors);
  }
}

}  // namespace ptattn
