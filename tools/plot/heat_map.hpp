#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ptattn/cloud/colormap.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/io/png.hpp"

namespace ptattn::tools {

/// A square matrix to look at.
struct HeatMap {
  MatrixView cells;                ///< [s, s], s >= 1
  double tokens = 0.0;             ///< what the axes count to; a cell may stand for several
  ColorRange range;                ///< of the colours
  std::vector<std::string> title;  ///< lines of ASCII
  std::string columns;             ///< what goes along the horizontal axis
  std::string rows;                ///< down the vertical axis
  std::string values;              ///< what the colours mean
};

/// The most cells a side that are drawn as they are.
inline constexpr std::size_t kMostCells = 512;

/// Draws the matrix (row 0 on top) with axes, a colour bar and a title on white. A cell is a square
/// of as many pixels as fit into 512 for the whole matrix, at least one. Texts that are too long
/// for their place are cut.
[[nodiscard]] Image draw(const HeatMap& map);

/// The numbers that label an axis from 0 to `last`: multiples of 1, 2 or 5 times a power of ten, at
/// most seven of them; for last <= 0 only 0.
[[nodiscard]] std::vector<double> axis_ticks(double last);

}  // namespace ptattn::tools
