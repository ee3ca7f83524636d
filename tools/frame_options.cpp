#include "frame_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "options.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/tasks/geometry/scene_pose.hpp"
#include "ptattn/tasks/geometry/unit_guess.hpp"

namespace ptattn::tools {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 5> kUnits{
    {{"m", 1.0}, {"cm", 0.01}, {"mm", 0.001}, {"ft", 0.3048}, {"us-ft", 1200.0 / 3937.0}}};

std::vector<std::string> unit_names() {
  std::vector<std::string> names;
  for (const auto& [name, metres] : kUnits) names.emplace_back(name);
  names.emplace_back("auto");
  return names;
}

std::optional<double> metres_of(const std::string& unit) {
  const auto* const found = std::ranges::find(kUnits, unit, [](const auto& u) { return u.first; });
  return found == kUnits.end() ? std::nullopt : std::optional(found->second);
}

ReferenceSystem system_of(const PointCloud& cloud) {
  const auto& las = cloud.metadata().las;
  return las == nullptr ? ReferenceSystem{} : reference_system_of(*las);
}

/// Says so where no single unit is right; for metres, `scene_hints` does.
void check_heights(const FrameOptions& options, const PointCloud& cloud, const std::string& path,
                   Progress& progress) {
  if (options.metres == 1.0) return;
  const std::string heights = note_on_heights(system_of(cloud));
  if (heights.empty()) return;
  if (!options.metres) throw Error(Fault::kInput, path, heights);
  progress.warn(path, {"heights", heights});
}

UnitGuess guess(const PointCloud& cloud, std::span<const Position> positions,
                const std::optional<ScenePose>& pose) {
  return guess_unit(positions, system_of(cloud), pose);
}

RawVector<Position> positions_without_strays(const PointCloud& cloud) {
  RawVector<Position> positions = cloud.positions();
  (void)keep_finite(positions);
  drop_strays(positions, find_strays(positions, Subject::kScene));
  return positions;
}

Axis up_of(const std::optional<ScenePose>& pose, const std::string& path, Progress& progress) {
  if (!pose || !pose->is_flat()) {
    progress.warn(path, {"up", "is not flat along any axis, z is taken as up"});
    return Axis::kZ;
  }
  if (pose->up != Axis::kZ) {
    progress.note(path, "taken with " + std::string(name_of(pose->up)) + " up");
  }
  return pose->up;
}

}  // namespace

CLI::Option* add_unit(CLI::App& app, std::optional<double>& metres, const std::string& output) {
  return app
      .add_option_function<std::string>(
          "--unit", [&metres](const std::string& name) { metres = metres_of(name); },
          "Take the coordinates of scenes as m, cm, mm, ft, us-ft or auto (from the file's "
          "reference system and the coordinates)" +
              output + " [m]")
      ->type_name("UNIT")
      ->check(one_of(unit_names()));
}

void add_frame_options(CLI::App& app, FrameOptions& options, const std::string& output) {
  add_up(app, options.up, kUpAsSceneLies);
  add_unit(app, options.metres, output);
}

Axis settle_up(std::optional<Axis> up, const PointCloud& cloud, const std::string& path,
               Progress& progress) {
  return up ? *up : up_of(scene_pose(positions_without_strays(cloud)), path, progress);
}

CloudFrame settle_frame(const FrameOptions& options, const PointCloud& cloud,
                        const std::string& path, Progress& progress) {
  CloudFrame frame{options.up.value_or(Axis::kZ), options.metres.value_or(1.0)};
  check_heights(options, cloud, path, progress);
  if (options.up && options.metres) return frame;
  const RawVector<Position> positions = positions_without_strays(cloud);
  const std::optional<ScenePose> pose = scene_pose(positions);
  if (!options.up) frame.up = up_of(pose, path, progress);
  if (options.metres) return frame;
  const UnitGuess unit = guess(cloud, positions, pose);
  if (unit.metres == 0.0) {
    throw Error(Fault::kInput, path,
                "has coordinates in degrees (" + unit.reason + "), project them to metres");
  }
  frame.metres = unit.metres;
  if (unit.unit != "m") progress.note(path, "taken in " + unit.unit + " (" + unit.reason + ")");
  return frame;
}

}  // namespace ptattn::tools
