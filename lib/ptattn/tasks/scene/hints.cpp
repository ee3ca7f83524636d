#include "ptattn/tasks/scene/hints.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <utility>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/neighbors/knn.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kFewestPoints = 100;
constexpr std::uint32_t kFewestVoxelsAcross = 16;
constexpr double kFarthestNeighbor = 16.0;  // in voxels
constexpr std::size_t kSample = 1000;

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

/// The distance between neighbouring float32 numbers at the scene's farthest coordinate.
double float_step(const PointCloud& cloud, const SceneVoxels& scene) {
  double largest = 0.0;
  for (const char* const name : {"x", "y", "z"}) {
    const std::size_t axis = static_cast<std::size_t>(*name - 'x');
    if (cloud.find(name)->type() != FieldType::kFloat32) continue;
    largest = std::max(largest, std::abs(scene.origin[axis]));
  }
  const auto x = static_cast<float>(largest);
  return double{std::nextafter(x, std::numeric_limits<float>::infinity())} - double{x};
}

std::string plain(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

}  // namespace

std::vector<std::string> scene_hints(const PointCloud& cloud, const SceneVoxels& scene,
                                     const SceneProfile& profile) {
  std::vector<std::string> hints;
  if (profile.frame != Frame::kScene || scene.positions.size() < kFewestPoints) return hints;
  const double step = float_step(cloud, scene);
  if (step > profile.voxel / 2) {
    hints.push_back("coordinates are float numbers with steps of " + plain(step) +
                    " there, store them as double or nearer to 0");
  }
  const std::uint32_t across = largest_cell(scene);
  if (across < kFewestVoxelsAcross) {
    hints.push_back("reaches over " + std::to_string(across + 1) +
                    " of the model's voxels only, are its coordinates in metres?");
  } else if (scene.size() > 1 && voxels_lie_apart(scene, kFarthestNeighbor)) {
    hints.push_back("has its points farther apart than " +
                    plain(kFarthestNeighbor * profile.voxel) +
                    " m, if its coordinates are in metres; are they?");
  }
  return hints;
}

}  // namespace ptattn
