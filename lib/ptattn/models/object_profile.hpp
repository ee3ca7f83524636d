#pragma once

#include <cstddef>

#include "ptattn/cloud/types.hpp"

namespace ptattn {

/// Says how a cloud of more or fewer points becomes the number that the network was trained with.
enum class Resampling {
  kFpsOrRepeat,  ///< farthest point sampling down, cyclic repetition up
};

/// Says where the origin goes.
enum class Centering {
  kCentroid,  ///< the mean of the points
};

/// Holds what the unit of length becomes.
enum class Scaling {
  kUnitSphere,  ///< the farthest point lies at distance 1 from the origin
};

/// Holds what must be done to a cloud before a network sees it: the part of config.json that users
/// of public checkpoints most often get wrong, therefore explicit in every model folder.
///
/// The cloud's own unit of length does not matter: centring and scaling remove it.
struct ObjectProfile {
  std::size_t points = 1024;     ///< points that the network sees
  std::size_t min_points = 128;  ///< clouds of fewer points are refused
  Resampling resampling = Resampling::kFpsOrRepeat;
  Centering centering = Centering::kCentroid;
  Scaling scaling = Scaling::kUnitSphere;
  Axis up = Axis::kZ;
  /// Votes turn the cloud about the vertical by angles in [-this, this], degrees, 0 to 180; chosen
  /// on validation clouds, inside the range that training saw.
  double vote_rotation_z_degrees = 180.0;
};

}  // namespace ptattn
