#include "ptattn/tasks/scene/hints.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/cloud/reference_system.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/neighbors/knn.hpp"
#include "ptattn/tasks/geometry/flat_hint.hpp"
#include "ptattn/tasks/geometry/float_step.hpp"
#include "ptattn/tasks/geometry/object_hints.hpp"
#include "ptattn/tasks/geometry/scene_pose.hpp"
#include "ptattn/tasks/geometry/unit_guess.hpp"
#include "ptattn/tasks/scene/scan_fields.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kFewestPoints = 100;
constexpr std::uint32_t kFewestVoxelsAcross = 16;
constexpr double kFarthestNeighbor = 16.0;  // in voxels
constexpr std::size_t kSample = 1000;
constexpr std::size_t kPointsPerTask = 16384;
constexpr double kTilted = 12.0;  // degrees, of a ground as smooth as kSmooth of its extent
constexpr double kSteep = 30.0;   // degrees, of any
constexpr double kSmooth = 0.02;
constexpr double kNoPlane = 0.1;  // of the extent, that half of the ground lies off its plane
constexpr double kWide = 64.0;    // voxels: a roof or a bank may fill less
constexpr double kFewWrong = 0.005;
constexpr double kAlmost = 0.7;  // of the least density: surveys are not even

std::uint32_t largest_cell(const SceneVoxels& scene) {
  return std::ranges::max(
      largest_of(scene.size(), Cell{}, [&](std::size_t v) { return scene.cells[v]; }));
}

Matrix cells_of(const SceneVoxels& scene, std::size_t step) {
  Matrix rows((scene.size() + step - 1) / step, 3);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      rows(i, axis) = static_cast<float>(scene.cells[i * step][axis]);
    }
  }
  return rows;
}

double median(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::ranges::nth_element(numbers, middle);
  return *middle;
}

double steps_between(const Cell& a, const Cell& b) {
  const auto along = [&](std::size_t axis) {
    return static_cast<double>(a[axis]) - static_cast<double>(b[axis]);
  };
  return std::hypot(along(0), along(1), along(2));
}

/// Whether the median distance from a voxel to the nearest other one, of up to kSample of them, is
/// more than `limit` voxels.
bool voxels_lie_apart(const SceneVoxels& scene, double limit) {
  const std::size_t step = (scene.size() + kSample - 1) / kSample;
  // The next voxel of the order is not nearer than the nearest, and in a dense scene as near.
  std::vector<double> to_next;
  for (std::size_t v = 0; v < scene.size(); v += step) {
    to_next.push_back(steps_between(scene.cells[v], scene.cells[v > 0 ? v - 1 : 1]));
  }
  if (median(std::move(to_next)) <= limit) return false;
  const Matrix all = cells_of(scene, 1);
  const Matrix some = cells_of(scene, step);
  const IndexTable near = k_nearest(all, some, 2);
  std::vector<double> to_nearest(some.rows());
  for (std::size_t i = 0; i < to_nearest.size(); ++i) {
    to_nearest[i] = steps_between(scene.cells[i * step], scene.cells[near.row(i)[1]]);
  }
  return median(std::move(to_nearest)) > limit;
}

std::string rounded(double number) {
  std::ostringstream text;
  text.precision(2);
  text << number;
  return text.str();
}

std::string plain(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

/// In the file's coordinates, as the scene's positions are.
RawVector<Position> file_positions(const SceneVoxels& scene) {
  RawVector<Position> positions(scene.positions.size());
  parallel_each(positions.size(), kPointsPerTask, [&](std::size_t i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      positions[i][axis] = scene.positions[i][axis] + scene.origin[axis];
    }
  });
  return positions;
}

ReferenceSystem system_of(const PointCloud& cloud) {
  const auto& las = cloud.metadata().las;
  return las == nullptr ? ReferenceSystem{} : reference_system_of(*las);
}

/// Adds what is doubtful about the unit; returns whether it seems to be metres.
bool add_unit(const PointCloud& cloud, std::span<const Position> positions,
              const std::optional<ScenePose>& pose, std::vector<Hint>& hints) {
  const ReferenceSystem system = system_of(cloud);
  if (std::string heights = note_on_heights(system); !heights.empty()) {
    hints.push_back({"heights", std::move(heights)});
  }
  const UnitGuess guess = guess_unit(positions, system, pose);
  if (guess.reason.empty()) return true;
  const std::string what = guess.unit == "degree"  ? "degrees, project them to metres"
                           : guess.unit == "us-ft" ? "US survey feet, see --unit us-ft"
                           : guess.unit == "ft"    ? "feet, see --unit ft"
                                                   : guess.unit + ", see --unit " + guess.unit;
  hints.push_back({"unit", "coordinates seem to be " + what + " (" + guess.reason + ")"});
  return false;
}

/// @param share  of the cloud's points that are here: thinned, a surface has its points farther apart
void add_voxel_hints(const SceneVoxels& scene, const SceneProfile& profile, double share,
                     std::vector<Hint>& hints) {
  const std::uint32_t across = largest_cell(scene);
  if (across < kFewestVoxelsAcross) {
    hints.push_back({"extent", "reaches over " + std::to_string(across + 1) +
                                   " of the model's voxels only, are its coordinates in metres?"});
  } else if (scene.size() > 1 && voxels_lie_apart(scene, kFarthestNeighbor / std::sqrt(share))) {
    hints.push_back({"spacing", "has points farther apart than " +
                                    plain(kFarthestNeighbor * profile.voxel) +
                                    " m; are its coordinates in metres?"});
  }
}

bool lies_otherwise(const ScenePose& pose) {
  return pose.is_flat() && pose.up != Axis::kZ;
}

void add_up(const ScenePose& pose, std::vector<Hint>& hints) {
  const std::string name(name_of(pose.up));
  hints.push_back(
      {"up", "seems to have " + name + " up instead of z, see --up " + name + " and --up auto"});
}

void add_pose_hints(const ScenePose& pose, const SceneProfile& profile, std::vector<Hint>& hints) {
  if (pose.is_bulky()) {
    hints.push_back({"object",
                     "is not flat along any axis, is it a scene? (for one object use "
                     "ptattn-classify; if z is not up, see --up)"});
  } else if (lies_otherwise(pose)) {
    add_up(pose, hints);
  } else if (std::ranges::max(pose.extent) > kWide * profile.voxel && pose.relief < kNoPlane &&
             pose.tilt > (pose.relief < kSmooth ? kTilted : kSteep)) {
    hints.push_back({"tilt", "has ground tilted by " + std::to_string(std::lround(pose.tilt)) +
                                 " degrees: a steep slope, or z is not up"});
  }
}

void add_returns(const PointCloud& cloud, const SceneProfile& profile, std::vector<Hint>& hints) {
  if (!profile.uses(ChannelKind::kLast) && !profile.uses(ChannelKind::kMultiple)) return;
  const ScanFields fields = find_scan_fields(cloud);
  if (fields.return_number == nullptr) return;
  const std::size_t impossible = parallel_joined(
      cloud.size(), kPointsPerTask, std::size_t{0},
      [&](std::size_t i) -> std::size_t {
        const double total = fields.number_of_returns->as_double(i);
        return total >= 1.0 && fields.return_number->as_double(i) > total ? 1 : 0;
      },
      std::plus<>());
  const double share = static_cast<double>(impossible) / static_cast<double>(cloud.size());
  if (share < kFewWrong) return;
  hints.push_back({"returns", std::to_string(std::lround(100.0 * share)) +
                                  " % of the points have a return number above their number of "
                                  "returns, are the two swapped?"});
}

/// @param share  of the cloud's points that are here
void add_density(const ScenePose& pose, const SceneProfile& profile, double share,
                 std::vector<Hint>& hints) {
  const double density = pose.density / share;
  if (pose.is_flat() && density < kAlmost * profile.min_density) {
    hints.push_back({"density", "has " + rounded(density) + " points/m2, the model was made for " +
                                    plain(profile.min_density) + " and more"});
  }
}

/// Why the cloud may be no single object, as models of parts expect it.
std::vector<Hint> hints_of_object(const PointCloud& cloud, const SceneVoxels& scene) {
  const RawVector<Position> all = cloud.positions();
  RawVector<Position> used(scene.points.size());
  std::ranges::transform(scene.points, used.begin(), [&](std::uint32_t i) { return all[i]; });
  std::vector<Hint> hints = object_hints(cloud, used);
  for (Hint& hint : hints) {
    if (hint.code == "scene") {
      hint.text = "looks like a scene, not like one object, whose parts the model labels";
    }
  }
  return hints;
}

}  // namespace

std::vector<Hint> scene_hints(const PointCloud& cloud, const SceneVoxels& scene,
                              const SceneProfile& profile, double share) {
  std::vector<Hint> hints;
  if (profile.frame != Frame::kScene) return hints_of_object(cloud, scene);
  if (scene.positions.size() < kFewestPoints) return hints;
  const RawVector<Position> positions = file_positions(scene);
  const double step = float_step(cloud, positions);
  if (step > profile.voxel / 2) {
    hints.push_back({"float", "coordinates are float numbers with steps of " + plain(step) +
                                  " there, store them as double or nearer to 0"});
  }
  if (auto flat = flat_hint(scene.positions)) hints.push_back(*std::move(flat));
  const std::optional<ScenePose> pose = scene_pose(scene.positions);
  const bool in_metres = add_unit(cloud, positions, pose, hints);
  if (in_metres) add_voxel_hints(scene, profile, share, hints);
  if (pose) add_pose_hints(*pose, profile, hints);
  if (pose && in_metres) add_density(*pose, profile, share, hints);
  add_returns(cloud, profile, hints);
  return hints;
}

std::vector<Hint> frame_hints(const PointCloud& cloud, std::span<const Position> positions) {
  std::vector<Hint> hints;
  const std::optional<ScenePose> pose = scene_pose(positions);
  (void)add_unit(cloud, positions, pose, hints);
  if (pose && lies_otherwise(*pose)) add_up(*pose, hints);
  return hints;
}

}  // namespace ptattn
