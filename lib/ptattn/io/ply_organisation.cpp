#include "ptattn/io/ply_organisation.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/header_lines.hpp"
#include "ptattn/io/las/origin_steps.hpp"

namespace ptattn::io {
namespace {

constexpr std::string_view kColumns = "num_cols";
constexpr std::string_view kRows = "num_rows";
constexpr std::string_view kViewpoint = "viewpoint";

/// The number of the only line "keyword number".
std::optional<std::uint64_t> number_of(const std::vector<std::string>& lines,
                                       std::string_view keyword) {
  std::optional<std::uint64_t> number;
  for (const std::string& line : lines) {
    const auto parts = words(line);
    if (parts.size() != 2 || parts[0] != keyword) continue;
    if (number) return std::nullopt;
    number = whole_number(parts[1]);
  }
  return number;
}

std::optional<std::uint64_t> camera_number(const Element& camera, std::string_view name) {
  const auto found = std::ranges::find(camera.properties, name, &ElementProperty::name);
  if (camera.items != 1 || found == camera.properties.end()) return std::nullopt;
  if (found->is_list || found->type != FieldType::kInt32) return std::nullopt;
  std::int32_t value = 0;
  std::memcpy(&value, found->values.data(), sizeof(value));
  if (value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::optional<Organisation> camera_organisation(const CloudMetadata& metadata) {
  const auto camera = std::ranges::find(metadata.elements, "camera", &Element::name);
  if (camera == metadata.elements.end()) return std::nullopt;
  const auto width = camera_number(*camera, "viewportx");
  const auto height = camera_number(*camera, "viewporty");
  if (!width || !height) return std::nullopt;
  return Organisation{*width, *height};
}

}  // namespace

Organisation take_organisation(CloudMetadata& metadata, std::uint64_t points) {
  const auto width = number_of(metadata.obj_info, kColumns);
  const auto height = number_of(metadata.obj_info, kRows);
  if (width && height && *height != 1 && saturated_product(*width, *height) == points) {
    std::erase_if(metadata.obj_info, [](const std::string& line) {
      const auto parts = words(line);
      return parts.size() == 2 && (parts[0] == kColumns || parts[0] == kRows);
    });
    return {*width, *height};
  }
  const auto camera = camera_organisation(metadata);
  if (camera && saturated_product(camera->width, camera->height) == points) return *camera;
  return {points, 1};
}

std::vector<std::string> obj_info_with_organisation(const CloudMetadata& metadata,
                                                    const CloudShape& shape) {
  std::vector<std::string> lines = metadata.obj_info;
  const auto camera = camera_organisation(metadata);
  const bool said = camera && camera->width == shape.width && camera->height == shape.height;
  if (shape.height != 1 && !said) {
    lines.push_back(std::string(kColumns) + " " + std::to_string(shape.width));
    lines.push_back(std::string(kRows) + " " + std::to_string(shape.height));
  }
  return lines;
}

void take_viewpoint(CloudMetadata& metadata) {
  const auto is_viewpoint = [&](const std::string& line) {
    auto parts = words(line);
    if (parts.empty() || parts[0] != kViewpoint) return false;
    parts.erase(parts.begin());
    const auto viewpoint = parse_viewpoint(parts);
    if (!viewpoint || *viewpoint == CloudMetadata{}.viewpoint) return false;
    metadata.viewpoint = *viewpoint;
    return true;
  };
  const auto found = std::ranges::find_if(metadata.comments, is_viewpoint);
  if (found != metadata.comments.end()) metadata.comments.erase(found);
}

std::vector<std::string> comments_with_viewpoint(const CloudMetadata& metadata) {
  std::vector<std::string> lines = las::comments_with_steps(metadata);
  if (metadata.viewpoint != CloudMetadata{}.viewpoint) {
    lines.push_back(std::string(kViewpoint) + " " + format_viewpoint(metadata.viewpoint));
  }
  return lines;
}

}  // namespace ptattn::io
