#pragma once

#include <cstdint>
#include <span>

#include "ptattn/nn/grouping.hpp"
#include "ptattn/nn/int8_linear.hpp"

namespace ptattn {

/// Represents the layers of a neighbour embedding with 8-bit weights, see GroupingWeights.
struct Int8GroupingWeights {
  Int8Linear neighbor;  // [in, hidden]
  Int8Linear center;    // [in, hidden]
  Int8Linear second;    // [hidden, out]

  Int8GroupingWeights() = default;
  explicit Int8GroupingWeights(const GroupingWeights& w);
};

/// Embeds neighbourhoods (see grouping.hpp) with 8-bit products. What enters the second layer is
/// quantised while it is gathered, with one scale a neighbourhood, and of what leaves it only the
/// maximum over the neighbours is written.
/// @param features  [n, in]; other parameters, errors and cost as there
/// @param out       [m, out]
void embed_neighborhoods(const Int8GroupingWeights& w, const ByteRowsView& features,
                         std::span<const std::uint32_t> centers,
                         std::span<const std::uint32_t> neighbors, MutableMatrixView out);

}  // namespace ptattn
