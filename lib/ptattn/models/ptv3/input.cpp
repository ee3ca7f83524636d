#include "ptattn/models/ptv3/input.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/ptv3/serialization.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

// serialization_depth counts the bits of one more.
constexpr std::int32_t kLargestCell = (1 << kPtv3MaxDepth) - 2;
constexpr unsigned kCodeBits = 63;
constexpr std::size_t kGrain = 4096;

/// Of grid coordinates; without any, the other way round.
struct Range {
  std::int32_t least = std::numeric_limits<std::int32_t>::max();
  std::int32_t largest = std::numeric_limits<std::int32_t>::min();
};

[[noreturn]] void refuse(const std::string& problem) {
  throw Error(Fault::kUsage, "ptv3", problem);
}

std::string size_text(MatrixView m) {
  return std::to_string(m.rows) + " rows of " + std::to_string(m.cols);
}

void check_shapes(const PointInput& input, std::size_t in_channels) {
  const std::size_t n = input.positions.rows;
  if (input.positions.cols != 3) {
    refuse("got positions of " + std::to_string(input.positions.cols) + " coordinates, expected 3");
  }
  if (input.features.rows != n || input.features.cols != in_channels) {
    refuse("got features of " + size_text(input.features) + " channels, expected " +
           std::to_string(n) + " rows of " + std::to_string(in_channels));
  }
  if (input.grid.size() != 3 * n) {
    refuse("got " + std::to_string(input.grid.size()) + " grid coordinates for " +
           std::to_string(n) + " voxels, expected 3 each");
  }
  if (input.cuts != nullptr && input.ends.size() > 1) {
    refuse("got a tile of " + std::to_string(input.ends.size()) + " clouds, expected one");
  }
}

std::span<const std::size_t> read_ends(const PointInput& input, ScratchMemory& scratch) {
  const std::size_t n = input.positions.rows;
  const auto ends = scratch.take<std::size_t>(std::max<std::size_t>(1, input.ends.size()));
  ends.back() = n;
  std::ranges::copy(input.ends, ends.begin());
  if (!std::ranges::is_sorted(ends) || ends.back() != n) {
    refuse("the clouds' ends do not ascend to the number of voxels, " + std::to_string(n));
  }
  return ends;
}

void read_cells(std::span<const std::int32_t> grid, std::span<Cell> cells) {
  const auto both = [](Range a, Range b) {
    return Range{std::min(a.least, b.least), std::max(a.largest, b.largest)};
  };
  const auto [least, largest] = parallel_joined(
      grid.size(), kGrain, Range{},
      [&](std::size_t i) {
        return Range{grid[i], grid[i]};
      },
      both);
  if (!grid.empty() && (least < 0 || largest > kLargestCell)) {
    refuse("grid coordinates go from " + std::to_string(least) + " to " + std::to_string(largest) +
           ", expected 0 to " + std::to_string(kLargestCell));
  }
  parallel_each(cells.size(), kGrain, [&](std::size_t i) {
    for (std::size_t a = 0; a < 3; ++a) cells[i][a] = static_cast<std::uint32_t>(grid[3 * i + a]);
  });
}

}  // namespace

Ptv3Input read_ptv3_input(const PointInput& input, std::size_t in_channels,
                          ScratchMemory& scratch) {
  check_shapes(input, in_channels);
  const std::size_t n = input.positions.rows;
  const auto rows = scratch.take<std::uint32_t>(n);
  const auto sorted = scratch.take<Cell>(n);
  const MutableMatrixView positions = scratch.matrix(n, 3);
  const auto ends = read_ends(input, scratch);
  ScratchMemory temporary;
  const auto cells = temporary.take<Cell>(n);
  const auto codes = temporary.take<std::uint64_t>(n);
  read_cells(input.grid, cells);
  const int depth = serialization_depth(cells);
  const auto bits = static_cast<unsigned>(std::bit_width(ends.size()));
  if (3 * static_cast<unsigned>(depth) + bits > kCodeBits) {
    refuse("got " + std::to_string(ends.size()) + " clouds, which leave no room for grids of " +
           std::to_string(depth) + " bits");
  }
  serialized_codes(Curve::kZ, cells, ends, depth, codes);
  sort_order(codes, rows);
  parallel_each(n, kGrain, [&](std::size_t i) {
    sorted[i] = cells[rows[i]];
    std::copy_n(input.positions.row(rows[i]), 3, positions.row(i));
  });
  return {{.cells = sorted,
           .ends = ends,
           .depth = depth,
           .positions = positions,
           .orders = {},
           .neighbors = {}},
          rows};
}

}  // namespace ptattn
