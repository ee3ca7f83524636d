#include "ptattn/models/ptv3/serialization.hpp"

#include <algorithm>
#include <bit>

#include "ptattn/core/parallel.hpp"

namespace ptattn {

int serialization_depth(std::span<const Cell> cells) {
  const auto largest = largest_of(cells.size(), std::uint32_t{0},
                                  [&](std::size_t i) { return std::ranges::max(cells[i]); });
  return static_cast<int>(std::bit_width(std::uint64_t{largest} + 1));
}

void serialized_codes(Curve curve, std::span<const Cell> cells, std::span<const std::size_t> ends,
                      int depth, std::span<std::uint64_t> codes) {
  curve_codes(curve, cells, depth, codes);
  for (std::size_t cloud = 1; cloud < ends.size(); ++cloud) {  // above the first one's are zeros
    const std::uint64_t above = std::uint64_t{cloud} << static_cast<unsigned>(3 * depth);
    for (std::size_t row = ends[cloud - 1]; row < ends[cloud]; ++row) codes[row] |= above;
  }
}

}  // namespace ptattn
