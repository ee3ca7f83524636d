#include "ptattn/tasks/geometry/object_hints.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/tasks/geometry/flat_hint.hpp"
#include "ptattn/tasks/geometry/float_step.hpp"
#include "ptattn/tasks/geometry/scene_pose.hpp"
#include "ptattn/tasks/geometry/spacing.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kManyPoints = 5000;
constexpr std::size_t kManyFarOff = 500;
constexpr double kWideOfScanner = 8.0;
constexpr double kWide = 20.0;         // units
constexpr double kWideOfBlock = 15.0;  // of a survey; wider than a tree that is cut out of it
constexpr double kFarOff = 1000.0;     // times its extent from 0: coordinates of a country
constexpr double kFlat = 2.0;          // seen from above, over seen from a side
constexpr double kManyInACell = 2.0;   // points of a covered cell, in the mean

std::string letters_of(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      letters.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  return letters;
}

bool has_scanner_fields(const PointCloud& cloud) {
  constexpr std::array<std::string_view, 5> kNames{"returnnumber", "numberofreturns", "gpstime",
                                                   "classification", "pointsourceid"};
  return cloud.metadata().las != nullptr ||
         std::ranges::any_of(cloud.fields(), [&](const Field& field) {
           const std::string name = letters_of(field.name());
           return std::ranges::any_of(kNames, [&](auto known) { return name.ends_with(known); });
         });
}

bool has_coordinates_of_a_country(const Position& at, double wide) {
  return std::max(std::abs(at[0]), std::abs(at[1])) > kFarOff * wide;
}

bool is_scene(const PointCloud& cloud, std::span<const Position> positions) {
  const bool scanned = has_scanner_fields(cloud);
  const double least = scanned ? kWideOfScanner : kWide;
  if (longest_side(positions) < least) return false;
  const std::optional<ScenePose> pose = scene_pose(positions);
  if (!pose) return false;
  const double wide = std::ranges::max(pose->extent);
  const bool national = has_coordinates_of_a_country(positions.front(), wide);
  if (!pose->is_flat()) {  // a block of a survey may be higher than it is wide
    return scanned && national && std::max(pose->extent[0], pose->extent[1]) >= kWideOfBlock;
  }
  if (wide < least) return false;
  const std::size_t cover = std::ranges::max(pose->cover);
  if (static_cast<double>(pose->points) < kManyInACell * static_cast<double>(cover)) return false;
  if (scanned) return true;
  if (positions.size() > kManyPoints) return pose->flatness > (national ? kFlat : 2.0 * kFlat);
  return national && positions.size() > kManyFarOff && coordinate_of(pose->up) == 2 &&
         pose->flatness > 2.0 * kFlat;
}

}  // namespace

std::vector<Hint> object_hints(const PointCloud& cloud, std::span<const Position> positions) {
  std::vector<Hint> hints;
  if (auto hint = float_hint(cloud, positions)) hints.push_back(*std::move(hint));
  if (auto hint = flat_hint(positions)) hints.push_back(*std::move(hint));
  if (is_scene(cloud, positions)) {
    hints.push_back({"scene",
                     "looks like a scene, not like one object; ptattn-segment labels the "
                     "points of scenes"});
  }
  return hints;
}

}  // namespace ptattn
