#include "ptattn/tasks/scene_hints.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "ptattn/core/matrix.hpp"
#include "ptattn/neighbors/knn.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kFewestPoints = 100;
constexpr std::uint32_t kFewestVoxelsAcross = 16;
constexpr double kFarthestNeighbor = 16.0;  // in voxels
constexpr std::size_t kSample = 1000;

std::uint32_t largest_cell(const SceneVoxels& scene) {
  std::uint32_t across = 0;
  for (const Cell& cell : scene.cells) across = std::max({across, cell[0], cell[1], cell[2]});
  return across;
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

/// Median distance from a voxel to the nearest other one, in voxels, of up to kSample of them.
double median_step(const SceneVoxels& scene) {
  const Matrix all = cells_of(scene, 1);
  const Matrix some = cells_of(scene, (scene.size() + kSample - 1) / kSample);
  const IndexTable near = k_nearest(all, some, 2);
  std::vector<double> steps(some.rows());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const float* other = all.row(near.row(i)[1]);
    steps[i] = std::hypot(other[0] - some(i, 0), other[1] - some(i, 1), other[2] - some(i, 2));
  }
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::ranges::nth_element(steps, middle);
  return *middle;
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
  } else if (scene.size() > 1 && median_step(scene) > kFarthestNeighbor) {
    hints.push_back("has its points farther apart than " +
                    plain(kFarthestNeighbor * profile.voxel) +
                    " m, if its coordinates are in metres; are they?");
  }
  return hints;
}

}  // namespace ptattn
