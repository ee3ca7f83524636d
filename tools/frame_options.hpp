#pragma once

#include <optional>
#include <string>

#include "progress.hpp"
#include "ptattn/cloud/frame_change.hpp"
#include "ptattn/cloud/point_cloud.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ptattn::tools {

/// How the coordinates of scenes are meant.
struct FrameOptions {
  std::optional<Axis> up = Axis::kZ;   ///< nullopt: as each cloud lies
  std::optional<double> metres = 1.0;  ///< that a unit is long; nullopt: as guessed
};

inline constexpr const char* kCoordinatesStay = "; the output keeps them unchanged";
/// --up with auto, and --unit. `options` must outlive the parsing.
/// @param output  what becomes of them in the output
void add_frame_options(CLI::App& app, FrameOptions& options,
                       const std::string& output = kCoordinatesStay);
/// What auto stands for in help texts of tools that look at how a scene lies.
inline constexpr const char* kUpAsSceneLies =
    "auto (from the cloud: ground is smoother than what stands on it)";
/// --unit alone. @param metres  nullopt for auto
CLI::Option* add_unit(CLI::App& app, std::optional<double>& metres,
                      const std::string& output = kCoordinatesStay);

/// Settles which axis of a scene points upwards where that is left to each cloud (`scene_pose`),
/// and says what was found.
[[nodiscard]] Axis settle_up(std::optional<Axis> up, const PointCloud& cloud,
                             const std::string& path, Progress& progress);

/// Settles what is left to each cloud (`scene_pose`, `guess_unit`) and says what was found.
/// @throws Error(Fault::kInput) for degrees, which no factor makes metres
[[nodiscard]] CloudFrame settle_frame(const FrameOptions& options, const PointCloud& cloud,
                                      const std::string& path, Progress& progress);

}  // namespace ptattn::tools
