#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ptattn/models/files/weights.hpp"

namespace ptattn {

/// Reads a tensor of a known shape.
/// @throws Error(Fault::kModel) unless it is there, has this shape and holds finite values
[[nodiscard]] std::vector<float> finite_tensor(const WeightSource& weights, const std::string& name,
                                               const std::vector<std::size_t>& shape);

}  // namespace ptattn
