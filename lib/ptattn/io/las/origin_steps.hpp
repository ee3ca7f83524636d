#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/las/quantization.hpp"

namespace ptattn::io::las {

// Files of other formats made from a LAS file say in a comment in which steps that counted its
// coordinates, so that they become the same integers again:
//
//   las scale 0.01 0.01 0.001 offset 650000 6860000 0

/// Returns the comments of a file to write: those of the cloud, then, for one that was a LAS file,
/// that of its steps.
[[nodiscard]] std::vector<std::string> comments_with_steps(const CloudMetadata& metadata);

/// Finds the steps of x, y and z that a comment speaks of, if they give back every coordinate bit
/// for bit. Time O(n); parallel.
[[nodiscard]] std::optional<std::array<Quantization, 3>> find_origin_steps(const PointCloud& cloud);

}  // namespace ptattn::io::las
