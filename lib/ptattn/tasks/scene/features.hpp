#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/tasks/scene/field_statistics.hpp"
#include "ptattn/tasks/scene/voxels.hpp"

namespace ptattn {

/// Holds the channels of a scene.
struct SceneFeatures {
  Matrix values;                   ///< [voxels wanted, channels]
  std::vector<std::string> notes;  ///< what the cloud lacks and what stood in for it, a line each
};

/// Computes the channels of every voxel of a scene. Computed in float64, rounded once to float32.
///
/// For a voxel (i, j, k) of m points with mean (m_x, m_y, m_z) measured from the scene's origin:
///
///   x, y, z          m - o, o = 0 (minimum), the middle of the bounding box at its bottom, or the
///                    point that makes them the file's own coordinates (sensor)
///
///   offset_x, ...    m_x / voxel - i - 1/2
///
///   count, spread    ln(m) / 3; (largest z - least z of its points) / voxel
///
///   above_W          compress_height(m_z - opening) and
///
///   below_W          compress_height(m_z - closing) of the least z of each column, by windows of W
///                    columns (tasks/scene/column_filters.hpp)
///
///   plane_L          compress_height(m_z - plane) at (m_x, m_y) (tasks/scene/ground_planes.hpp)
///
///   under_top_W      compress_height(largest z of the window's columns - m_z)
///
///   thickness_L      compress_height(deviation), and
///
///   scatter_L, ...   scatter, vertical, and crowd_L = ln(N) / 4: of the voxels around
///                    (tasks/scene/neighborhood_shape.hpp)
///
///   red, ...         mean colour, 0 ... 255 (or the range of the field's type) mapped to the
///                    profile's colour range
///
///   normal_x, ...    mean normal
///
///   intensity        2 (mean rank) - 1, where rank is the mid-rank of a point's intensity among
///                    all points of the cloud, 0 to 1: any scale and gamma will do
///
///   strength         mean intensity / R, R the full range: 255 of bytes, else the least of 1, 255,
///                    65535 that no intensity exceeds; strength_tanh: mean of tanh(intensity)
///
///   last, multiple   share of points with return_number >= r; with r >= 2; r = number_of_returns
///
///   has_intensity,   1 where the fields are there and not the same everywhere
///   has_returns
///
/// with compress_height(h) = arsinh(h / s) / 2 and s the profile's `height_scale`. A field that the
/// cloud lacks gives 0 (mid-grey for colours, the normal of the nearest points for normals) and a
/// note.
/// @param cloud  what `scene` was made of
/// @param whole  of the cloud that this one is a part of: what ranks and ranges are taken from; null:
///               it is a whole
/// @param wanted  voxels, ascending, whose channels are computed, from all of the scene; empty: all
/// @return        values of the voxels wanted
/// Time O(n log n); parallel; the same bits for any thread count.
[[nodiscard]] SceneFeatures scene_features(const PointCloud& cloud, const SceneVoxels& scene,
                                           const SceneProfile& profile,
                                           const FieldStatistics* whole = nullptr,
                                           std::span<const VoxelRun> wanted = {});

/// Says how far channels look, in voxels to each side of their own.
struct ChannelReach {
  std::uint32_t points = 0;   ///< at all points
  std::uint32_t columns = 0;  ///< at the least z of each column; not below `points`
};

/// Returns how far the channels of a profile look: a part of a scene with all points as far as
/// `points` around it, and a lowest point of every column beyond, as far as `columns`, has the
/// channels that it has within the whole. Planes depend on ever less from ever farther; of them,
/// what two fits look at counts.
[[nodiscard]] ChannelReach channel_reach(const SceneProfile& profile);

}  // namespace ptattn
