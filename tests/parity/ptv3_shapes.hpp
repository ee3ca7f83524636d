#pragma once

#include <cstddef>

#include "formula_weights.hpp"
#include "ptattn/models/ptv3/config.hpp"

namespace ptattn::test {

/// Names and shapes of all tensors of a Point Transformer V3 as the public implementation stores
/// them.
/// @param classes  of the head; 0: none
[[nodiscard]] FormulaWeights::Shapes ptv3_shapes(const Ptv3Config& config, std::size_t classes);

}  // namespace ptattn::test
