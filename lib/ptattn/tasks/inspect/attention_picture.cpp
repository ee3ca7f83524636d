#include "ptattn/tasks/inspect/attention_picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "ptattn/core/error.hpp"
#include "ptattn/sampling/curve.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

constexpr int kDepth = 10;  // 1024 cells a side

/// A row of `cells` cells as wide as `tokens` tokens side by side.
struct Ruler {
  std::size_t tokens;
  std::size_t cells;

  /// Calls `body(cell, share)` for the cells over the token of rank `rank`: which share of the cell
  /// it fills. Exact up to the last division, since lengths are counted in units of
  /// 1 / (tokens cells).
  template <class Body>
  void each_cell(std::size_t rank, const Body& body) const {
    const std::size_t begin = rank * cells;
    const std::size_t end = begin + cells;
    for (std::size_t cell = begin / tokens; cell * tokens < end; ++cell) {
      const std::size_t overlap =
          std::min(end, (cell + 1) * tokens) - std::max(begin, cell * tokens);
      body(cell, static_cast<float>(overlap) / static_cast<float>(tokens));
    }
  }
};

}  // namespace

std::vector<std::uint32_t> hilbert_order(MatrixView tokens) {
  std::array<float, 3> low{};
  float longest = 0.0F;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    float high = tokens.rows == 0 ? 0.0F : tokens(0, axis);
    low[axis] = high;
    for (std::size_t i = 0; i < tokens.rows; ++i) {
      low[axis] = std::min(low[axis], tokens(i, axis));
      high = std::max(high, tokens(i, axis));
    }
    longest = std::max(longest, high - low[axis]);
  }
  constexpr auto kLastCell = static_cast<float>((1U << kDepth) - 1U);
  const float scale = longest > 0.0F ? kLastCell / longest : 0.0F;
  std::vector<Cell> cells(tokens.rows);
  for (std::size_t i = 0; i < tokens.rows; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const float along = std::min((tokens(i, axis) - low[axis]) * scale, kLastCell);
      cells[i][axis] = static_cast<std::uint32_t>(along);
    }
  }
  std::vector<std::uint64_t> codes(cells.size());
  curve_codes(Curve::kHilbert, cells, kDepth, codes);
  return sort_order(codes);
}

AttentionPicture attention_picture(const TracedPass& forward, const AttentionChoice& choice,
                                   std::size_t most_cells) {
  if (most_cells == 0) {
    throw Error(Fault::kUsage, "attention_picture", "got 0 cells, expected at least 1");
  }
  std::vector<std::uint32_t> order;
  Ruler ruler{};
  const auto averages = [&](MatrixView tokens) {
    order = hilbert_order(tokens);
    ruler = {tokens.rows, std::min(tokens.rows, most_cells)};
    Matrix rows(ruler.cells, ruler.tokens);
    std::ranges::fill(rows.values(), 0.0F);
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      ruler.each_cell(rank,
                      [&](std::size_t cell, float share) { rows(cell, order[rank]) = share; });
    }
    return rows;
  };
  const Matrix rows = std::move(attention_rows(forward, choice, averages).rows);
  AttentionPicture picture{Matrix(ruler.cells, ruler.cells), ruler.tokens};
  std::ranges::fill(picture.cells.values(), 0.0F);
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    ruler.each_cell(rank, [&](std::size_t cell, float share) {
      for (std::size_t r = 0; r < ruler.cells; ++r) {
        picture.cells(r, cell) += share * rows(r, order[rank]);
      }
    });
  }
  return picture;
}

}  // namespace ptattn
