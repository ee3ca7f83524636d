#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ptattn {

/// Holds what a channel of a network over voxels says about its voxel; heights, windows and cells
/// are defined in tasks/scene_features.hpp.
enum class ChannelKind : std::uint8_t {
  kPosition,    ///< x, y, z: mean position, from the profile's origin; the parameter is the axis
  kOffset,      ///< offset_x, ...: mean position inside the voxel; the parameter is the axis
  kColor,       ///< red, green, blue; the parameter is the channel
  kNormal,      ///< normal_x, ...; the parameter is the axis
  kCount,       ///< count: logarithm of the number of points
  kSpread,      ///< spread: vertical extent of the points
  kAbove,       ///< above_W: height above the opening of the lowest points by windows of W columns
  kBelow,       ///< below_W: height above their closing, negative in pits
  kPlane,       ///< plane_L: height above the plane along the ground of cells of level L
  kUnderTop,    ///< under_top_W: depth below the highest point of a window of W columns
  kThickness,   ///< thickness_L: least standard deviation of the surroundings of level L
  kScatter,     ///< scatter_L: how evenly they extend in all directions
  kVertical,    ///< vertical_L: vertical share of their variance
  kVoxelCount,  ///< crowd_L: logarithm of their number of voxels
  kIntensity,   ///< intensity: mean rank of the points' intensities
  kLast,        ///< last: share of last returns
  kMultiple,    ///< multiple: share of points that are one of several returns
  kHasIntensity,  ///< has_intensity
  kHasReturns,    ///< has_returns
  kStrength,      ///< strength: mean intensity as a share of its full range (1, 255 or 65535);
                  ///< strength_tanh, parameter 1: mean of the hyperbolic tangent of intensities
};

struct Channel {
  ChannelKind kind;
  std::size_t parameter = 0;

  bool operator==(const Channel&) const = default;
};

/// Holds what a cloud's coordinates become before anything else.
enum class Frame : std::uint8_t {
  kScene,   ///< stay as they are: the model knows sizes, in metres
  kObject,  ///< centred and scaled to the unit sphere: one object, any unit
};

/// Says where the channels x, y, z and the positions that a network sees are measured from.
enum class Origin : std::uint8_t {
  kMinimum,       ///< least x, y, z
  kCenterBottom,  ///< middle of the bounding box in x and y, least z
  kSensor,        ///< nowhere else: coordinates stay as they are, as those of a sweep
};

/// The most views that are averaged over: quarter turns of a scene, rotations of an object.
inline constexpr std::size_t kMaxSceneVotes = 4;
inline constexpr std::size_t kMaxObjectVotes = 64;

/// Says how a cloud becomes voxels with channels: the `preprocessing` of a model over points.
///
/// JSON keys: `kind` (scene, object), `unit` (metre), `up` (z, for objects also any), `voxel` (edge
/// length), `features` (names of the channels in order), `origin` (minimum, center_bottom, sensor)
/// [minimum], `squash` (metres) [0.25], `top_window` (columns) [3], `color_range` (two numbers for
/// the colour values 0 and 255) [0, 1], `min_points` [1], `min_density` (points/m2) [0], `votes`
/// [1]. `opening_windows`, `closing_window`, `surrounding_levels` and `plane_levels` may say once
/// more what the names of the channels say.
struct SceneProfile {
  Frame frame = Frame::kScene;
  double voxel = 0.0;  ///< in metres (scene) or radii of the unit sphere (object)
  Origin origin = Origin::kMinimum;
  std::vector<Channel> channels;
  double height_scale = 0.25;                 ///< heights far below it count linearly, in metres
  std::array<double, 2> color_range{0., 1.};  ///< what the colour values 0 and 255 become
  bool any_side_up = false;                   ///< of objects: the model has seen them on any side
  std::size_t votes = 1;                      ///< views to average over where nobody says how many
  std::size_t min_points = 1;                 ///< clouds of fewer points are refused
  double min_density = 0.0;                   ///< points/m2 that the model was made for, from here

  [[nodiscard]] bool uses(ChannelKind kind) const;
};

/// @param text     JSON
/// @param subject  what error messages call its origin
/// @throws Error(Fault::kModel) for unknown keys or channels and values out of range
[[nodiscard]] SceneProfile read_scene_profile(const std::string& text, const std::string& subject);

}  // namespace ptattn
