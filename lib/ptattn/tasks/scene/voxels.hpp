#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/cloud/rotation.hpp"
#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/raw_vector.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/sampling/curve.hpp"

namespace ptattn {

/// Largest extent of a cloud in voxels along an axis: what sixteen bits a coordinate hold.
inline constexpr std::size_t kMaxVoxelsAcross = std::size_t{1} << 16U;

/// Holds a cloud cut into cubes. Voxels are in lexicographic order of their cells.
struct SceneVoxels {
  RawVector<Position> positions;    ///< [n] of the points with finite coordinates, from `origin`
  RawVector<std::uint32_t> points;  ///< [n] their indices in the cloud
  Strays strays{};                  ///< left out; `rows` are points of the cloud
  std::vector<std::uint32_t> stray_rows{};  ///< theirs among the points with finite coordinates
  Rotation turn{};                          ///< of the positions against the cloud
  Position extent{};                        ///< largest x, y, z of `positions`
  Position origin{};                        ///< least x, y, z; in the cloud's unit, or in the unit
                                            ///< sphere's for objects
  RawVector<std::uint32_t> order;           ///< [n] rows of `positions`, voxel by voxel
  RawVector<std::uint32_t> starts;          ///< [v + 1] where each voxel begins in `order`
  RawVector<Cell> cells;                    ///< [v]
  RawVector<Position> means;                ///< [v] mean of the points of each voxel, from `origin`

  [[nodiscard]] std::size_t size() const { return cells.size(); }
  /// Returns the rows of `positions` in voxel `v`.
  [[nodiscard]] std::span<const std::uint32_t> members(std::size_t v) const {
    return std::span(order).subspan(starts[v], starts[v + 1] - starts[v]);
  }
};

/// Names voxels of a scene that follow each other.
struct VoxelRun {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Returns the index along one axis of the voxel that holds a coordinate, measured from the scene's
/// origin.
[[nodiscard]] inline std::uint32_t voxel_index(double coordinate, double voxel) {
  return static_cast<std::uint32_t>(std::floor(coordinate / voxel));
}

/// Holds where the voxels of a scene lie.
struct SceneBox {
  Position origin{};  ///< least x, y, z
  Position extent{};  ///< largest, from there

  /// Returns the largest index along each axis.
  /// @throws Error(Fault::kInput) with `name` for more than kMaxVoxelsAcross voxels
  [[nodiscard]] Cell largest_cell(double voxel, const std::string& name) const;
};

/// Cuts a part of a scene into those of the voxels of the whole that its points lie in.
/// @param cloud  points with finite coordinates inside of the box, none of them stray
/// @param whole  of the scene, as `voxelize` finds it
/// Time O(n log n); the same result for any thread count.
[[nodiscard]] SceneVoxels voxelize_part(const PointCloud& cloud, const SceneProfile& profile,
                                        const SceneBox& whole);

/// Voxelises a cloud as `profile` says: cell = floor((p - least p) / voxel), in float64.
///
/// Points with a NaN or infinite coordinate are left out, and so are those that `find_strays`
/// finds.
/// @param turn  of an object; scenes stay as they are
/// @throws Error(Fault::kInput) for fewer than `profile.min_points` points, and for a cloud of more
///         than kMaxVoxelsAcross voxels along an axis (wrong units)
/// Time O(n log n); the same result for any thread count.
[[nodiscard]] SceneVoxels voxelize(const PointCloud& cloud, const SceneProfile& profile,
                                   const Rotation& turn = {});

}  // namespace ptattn
