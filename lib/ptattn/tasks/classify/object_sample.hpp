#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/models/object_profile.hpp"

namespace ptattn {

/// Holds the points of a cloud that a network may use.
struct UsablePoints {
  std::vector<std::size_t> points;    ///< of the cloud, ascending
  RawVector<Position> positions;      ///< theirs
  std::vector<std::uint32_t> strays;  ///< left out: rows among the points with finite coordinates
  std::string note;                   ///< how many they are; empty for none
};

/// Takes points out of those that a network may use, as if they were stray.
/// @param rows  of `usable.positions`, ascending
void leave_out(UsablePoints& usable, std::span<const std::uint32_t> rows);

/// Finds the points with finite coordinates, without those that `find_strays` finds.
/// @throws Error(Fault::kInput) when fewer than `profile.min_points` are left or all
///         of them coincide
[[nodiscard]] UsablePoints usable_points(const PointCloud& cloud, const ObjectProfile& profile);

/// Returns the positions of usable_points.
[[nodiscard]] RawVector<Position> usable_positions(const PointCloud& cloud,
                                                   const ObjectProfile& profile);

/// Takes a cloud's coordinates to those that a network sees:
///
///   x -> up(turn(((x - cloud.center) / cloud.radius - sample.center) / sample.radius))
struct SampleTransform {
  UnitSphere cloud;      ///< of the whole cloud
  UnitSphere sample;     ///< of the resampled points, after `cloud` was applied
  double degrees = 0.0;  ///< counter-clockwise about the vertical
  Axis up = Axis::kZ;    ///< what z becomes
};

/// Holds what a network sees of a cloud, and where it comes from.
struct PreparedSample {
  Matrix points;                      ///< [profile.points, 3]
  std::vector<std::uint32_t> chosen;  ///< the point of the cloud that each row is
  SampleTransform transform;
};

/// Prepares what a network sees of a cloud in one of several votes.
///
/// The cloud is centred and scaled to the unit sphere, resampled to `profile.points`, centred and
/// scaled once more (networks are trained on samples that are centred themselves), turned about the
/// vertical by `view_angle` and turned so that z becomes `profile.up`.
///
/// Resampling of more points is farthest point sampling; of fewer it is cyclic repetition. Vote 0
/// starts at the first point, other votes at a point that is a fixed function of the vote.
/// @param positions  finite, not all the same, z up
/// @return           [profile.points, 3]
/// Time O(n) + that of farthest point sampling; the same bits for any thread count.
[[nodiscard]] Matrix prepare(std::span<const Position> positions, const ObjectProfile& profile,
                             std::size_t vote, std::size_t votes);

/// Prepares a sample and keeps where it comes from, as `prepare` does.
[[nodiscard]] PreparedSample prepare_sample(std::span<const Position> positions,
                                            const ObjectProfile& profile, std::size_t vote,
                                            std::size_t votes);

/// Takes any points of the cloud to the network's coordinates: those that were chosen get the bits
/// that they have in PreparedSample::points.
/// @param positions  finite, z up
/// @return           [n, 3]
/// Time O(n); the same bits for any thread count.
[[nodiscard]] Matrix to_network(std::span<const Position> positions,
                                const SampleTransform& transform);

}  // namespace ptattn
