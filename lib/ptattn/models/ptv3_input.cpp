#include "ptattn/models/ptv3_input.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/ptv3_serialization.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

// serialization_depth counts the bits of one more.
constexpr std::int32_t kLargestCell = (1 << kPtv3MaxDepth) - 2;
constexpr unsigned kCodeBits = 63;
constexpr std::size_t kGrain = 4096;

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

std::vector<std::size_t> read_ends(const PointInput& input) {
  if (input.ends.empty()) return {input.positions.rows};
  if (!std::ranges::is_sorted(input.ends) || input.ends.back() != input.positions.rows) {
    refuse("the clouds' ends do not ascend to the number of voxels, " +
           std::to_string(input.positions.rows));
  }
  return {input.ends.begin(), input.ends.end()};
}

std::vector<Cell> read_cells(std::span<const std::int32_t> grid) {
  const auto [least, largest] = std::ranges::minmax_element(grid);
  if (!grid.empty() && (*least < 0 || *largest > kLargestCell)) {
    refuse("grid coordinates go from " + std::to_string(*least) + " to " +
           std::to_string(*largest) + ", expected 0 to " + std::to_string(kLargestCell));
  }
  std::vector<Cell> cells(grid.size() / 3);
  for (std::size_t i = 0; i < grid.size(); ++i) {
    cells[i / 3][i % 3] = static_cast<std::uint32_t>(grid[i]);
  }
  return cells;
}

}  // namespace

Ptv3Input read_ptv3_input(const PointInput& input, std::size_t in_channels) {
  check_shapes(input, in_channels);
  Ptv3Input result;
  Ptv3Level& level = result.level;
  level.ends = read_ends(input);
  const std::vector<Cell> cells = read_cells(input.grid);
  level.depth = serialization_depth(cells);
  const auto bits = static_cast<unsigned>(std::bit_width(level.ends.size()));
  if (3 * static_cast<unsigned>(level.depth) + bits > kCodeBits) {
    refuse("got " + std::to_string(level.ends.size()) +
           " clouds, which leave no room for grids of " + std::to_string(level.depth) + " bits");
  }
  result.rows = sort_order(serialized_codes(Curve::kZ, cells, level.ends, level.depth));

  const std::size_t n = cells.size();
  level.cells.resize(n);
  level.positions = Matrix(n, 3);
  result.features = Matrix(n, in_channels);
  parallel_each(n, kGrain, [&](std::size_t i) {
    const std::uint32_t row = result.rows[i];
    level.cells[i] = cells[row];
    std::copy_n(input.positions.row(row), 3, level.positions.row(i));
    std::copy_n(input.features.row(row), in_channels, result.features.row(i));
  });
  return result;
}

}  // namespace ptattn
