#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn::tools {

/// How the points of two files are compared.
struct SamePoints {
  /// For each predicted point the true one; empty: they stand in the same order.
  std::vector<std::uint32_t> partner{};
  std::string note{};  ///< what should be known of it; empty: nothing
};

/// Finds the true point of every predicted one: by its place in the file where coordinates agree
/// with that, else by its coordinates (see match_points). A file without coordinates is compared
/// by order.
/// @throws Error(Fault::kInput) when there are not as many points, or not the same ones
[[nodiscard]] SamePoints find_same_points(const PointCloud& predicted, const PointCloud& truth);

}  // namespace ptattn::tools
