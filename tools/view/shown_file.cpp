#include "shown_file.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include "ptattn/cloud/paint.hpp"

namespace ptattn::tools {
namespace {

void add_positions(const Scene& scene, PointCloud& cloud) {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    double* to =
        cloud.add(std::string(1, "xyz"[axis]), FieldType::kFloat64).values<double>().data();
    for (const ShownCloud& shown : scene.clouds) {
      for (const Position& position : shown.cloud.positions()) *to++ = position[axis];
    }
  }
}

/// The field that a cloud shows; null where it is none of one number a point, or a coordinate or
/// colour, which the new cloud has anyway.
const Field* shown_field(const Scene& scene, std::size_t i) {
  constexpr std::array<std::string_view, 6> kTaken{"x", "y", "z", "red", "green", "blue"};
  const std::string& name = scene.source_of(i).name;
  if (std::ranges::find(kTaken, name) != kTaken.end() || name == "rgb") return nullptr;
  const Field* const field = scene.clouds[i].cloud.find(name);
  return field != nullptr && field->count() == 1 ? field : nullptr;
}

void add_shown_field(const Scene& scene, PointCloud& cloud) {
  const Field* const first = shown_field(scene, 0);
  if (first == nullptr) return;
  for (std::size_t i = 0; i < scene.clouds.size(); ++i) {
    const Field* const field = shown_field(scene, i);
    if (field == nullptr || field->name() != first->name() || field->type() != first->type()) {
      return;
    }
  }
  std::byte* to = cloud.add(first->name(), first->type()).bytes().data();
  for (std::size_t i = 0; i < scene.clouds.size(); ++i) {
    const auto from = shown_field(scene, i)->bytes();
    std::memcpy(to, from.data(), from.size());
    to += from.size();
  }
}

}  // namespace

PointCloud cloud_as_shown(const Scene& scene, const SceneColors& colors) {
  std::vector<Rgb> all;
  for (const std::vector<Rgb>& own : colors.colors) all.insert(all.end(), own.begin(), own.end());
  PointCloud cloud(all.size());
  add_positions(scene, cloud);
  paint(cloud, all, ColorLayout::kChannels);
  add_shown_field(scene, cloud);
  return cloud;
}

}  // namespace ptattn::tools
