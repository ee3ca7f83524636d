#include "ptattn/models/ptv3_serialization.hpp"

#include <algorithm>
#include <bit>

namespace ptattn {

int serialization_depth(std::span<const Cell> cells) {
  std::uint64_t largest = 0;
  for (const Cell& cell : cells) {
    for (const std::uint32_t x : cell) largest = std::max<std::uint64_t>(largest, x);
  }
  return static_cast<int>(std::bit_width(largest + 1));
}

std::vector<std::uint64_t> serialized_codes(Curve curve, std::span<const Cell> cells,
                                            std::span<const std::size_t> ends, int depth) {
  std::vector<std::uint64_t> codes(cells.size());
  curve_codes(curve, cells, depth, codes);
  std::size_t row = 0;
  for (std::size_t cloud = 0; cloud < ends.size(); ++cloud) {
    const std::uint64_t above = std::uint64_t{cloud} << static_cast<unsigned>(3 * depth);
    for (; row < ends[cloud]; ++row) codes[row] |= above;
  }
  return codes;
}

}  // namespace ptattn
