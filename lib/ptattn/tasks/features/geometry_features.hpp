#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/models/object_profile.hpp"
#include "ptattn/tasks/progress.hpp"

namespace ptattn {

struct GeometryOptions {
  /// Sizes of neighbourhoods: the k nearest points, the point itself counted; of all points when
  /// there are fewer.
  std::vector<std::size_t> neighbors{16, 32, 64};
  /// Radii of further neighbourhoods, in the cloud's unit.
  std::vector<double> radii{};
  std::size_t radius_limit = 64;  ///< of the points within a radius the nearest so many count
  Axis up = Axis::kZ;             ///< for verticality and heights
};

/// Returns "linearity_k16", ..., "density_r0.5": scale after scale, neighbors before radii.
[[nodiscard]] std::vector<std::string> geometry_feature_names(const GeometryOptions& options);

/// Returns the shape descriptors of every point's neighbourhoods at several scales: the handcrafted
/// baseline of point cloud classification (Demantke et al. 2011, "Dimensionality based scale
/// selection in 3D lidar point clouds"; Weinmann et al. 2015, "Semantic point cloud interpretation
/// based on optimal neighborhoods, relevant features and efficient classifiers").
///
/// Of the k points of a neighbourhood, l1 >= l2 >= l3 >= 0 are the eigenvalues of the covariance
/// 1/k sum (p_j - mean)(p_j - mean)^T, e_i = l_i / (l1 + l2 + l3), n the eigenvector of l3, h the
/// heights (coordinates along `up`) and r the distance of the farthest:
///
///   linearity         (l1 - l2) / l1          eigen_sum         l1 + l2 + l3     [unit^2]
///   planarity         (l2 - l3) / l1          curvature         l3 / (l1 + l2 + l3)
///   sphericity        l3 / l1                 verticality       1 - |n . up|
///   omnivariance      (e1 e2 e3)^(1/3)        height_range      max h - min h    [unit]
///   anisotropy        (l1 - l3) / l1          height_deviation  sqrt(var h)      [unit]
///   eigenentropy      -sum e_i ln e_i         radius            r                [unit]
///                                             density           k / (4/3 pi r^3) [1 / unit^3]
///
/// Nothing is NaN: where all points of a neighbourhood coincide (or there is only one) every
/// feature is 0; so is the verticality of points on a line, which have no normal. Results that
/// float32 cannot hold are its largest number.
/// Neighbours are ordered by distances in float32, relative to the middle of the cloud and in units
/// of half its diagonal; equal ones by their place in the cloud.
/// @param positions  finite
/// @return           [n, 13 scales]
/// @throws           Error(Fault::kUsage) when there is no scale, a size is 0, or a radius not
///                   finite and positive
/// Float64 throughout and relative to the point: georeferenced coordinates lose nothing. Time O(n
/// log n + n k) for the largest k; works in blocks, so that memory beside the result is 60 bytes a
/// point. The same bits for any thread count.
[[nodiscard]] Matrix geometry_features(std::span<const Position> positions,
                                       const GeometryOptions& options,
                                       const ProgressCallback& progress = {});

/// Returns what makes coordinates of a cloud small enough for float32: relative to the middle of
/// its bounding box, in units of half its diagonal.
/// @param low     least coordinates
/// @param extent  sides of the box
[[nodiscard]] UnitSphere geometry_frame(const Position& low, const Position& extent);

/// Says which points of a part of a cloud are described, and what is known of the whole.
struct GeometryPart {
  UnitSphere frame{};                        ///< of the whole, see geometry_frame
  std::size_t points = 0;                    ///< of the whole
  std::span<const std::uint32_t> queries{};  ///< points of the part
  /// [queries] distance within which the part holds all points of the whole; infinity: all there
  /// are
  std::span<const double> sight{};
};

/// Holds the features of some points of a part of a cloud.
struct PartFeatures {
  Matrix values;  ///< [queries, 13 scales]
  /// Queries whose neighbourhoods may reach beyond their sight, and the distance that they need at
  /// most; infinity where the part has too few points. Their values may be others in the whole.
  std::vector<std::pair<std::uint32_t, double>> blind;
};

/// Describes points of a part of a cloud as `geometry_features` describes them within the whole:
/// the same bits for all that are not blind.
/// @param positions  of the part, in the order of the whole
/// @throws Error(Fault::kUsage) as geometry_features, and when sizes do not fit
/// Cost and determinism as of geometry_features.
[[nodiscard]] PartFeatures geometry_features_of(std::span<const Position> positions,
                                                const GeometryOptions& options,
                                                const GeometryPart& part,
                                                const ProgressCallback& progress = {});

/// Counts points that all channels are 0 of: they have no neighbours within any radius.
[[nodiscard]] std::size_t count_lonely(const Matrix& values);

}  // namespace ptattn
