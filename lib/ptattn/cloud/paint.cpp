#include "ptattn/cloud/paint.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

constexpr std::array<std::string_view, 3> kChannelNames{"red", "green", "blue"};
constexpr std::array<std::string_view, 2> kPackedNames{"rgb", "rgba"};

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
    const auto values =
        cloud.add(std::string(kChannelNames[c]), FieldType::kUInt8).values<std::uint8_t>();
    for (std::size_t i = 0; i < colors.size(); ++i) values[i] = colors[i][c];
  }
}

void add_packed(PointCloud& cloud, std::span<const Rgb> colors) {
  const auto values = cloud.add(std::string(kPackedNames[0]), FieldType::kFloat32).values<float>();
  for (std::size_t i = 0; i < colors.size(); ++i) {
    const auto [red, green, blue] = colors[i];
    values[i] = std::bit_cast<float>(std::uint32_t{red} << 16 | std::uint32_t{green} << 8 | blue);
  }
}

}  // namespace

bool is_painted(std::string_view name) {
  return std::ranges::find(kChannelNames, name) != kChannelNames.end() ||
         std::ranges::find(kPackedNames, name) != kPackedNames.end();
}

void drop_painted(PointCloud& cloud, ColorLayout layout) {
  std::erase_if(cloud.fields(), [&](const Field& field) {
    if (layout == ColorLayout::kPacked) {
      return std::ranges::find(kPackedNames, field.name()) != kPackedNames.end();
    }
    return std::ranges::find(kChannelNames, field.name()) != kChannelNames.end();
  });
}

void paint(PointCloud& cloud, std::span<const Rgb> colors, ColorLayout layout) {
  if (colors.size() != cloud.size()) {
    throw Error(Fault::kUsage, "paint",
                "got " + std::to_string(colors.size()) + " colours for " +
                    std::to_string(cloud.size()) + " points");
  }
  if (layout == ColorLayout::kChannels) {
    for (const std::string_view name : kChannelNames) move_aside(cloud, std::string(name));
    add_channels(cloud, colors);
  } else {
    for (const std::string_view name : kPackedNames) move_aside(cloud, std::string(name));
    add_packed(cloud, colors);
  }
}

}  // namespace ptattn
