#include "ptattn/cloud/rows.hpp"

#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kRowsPerTask = 4096;

/// @param at  const Position&(std::size_t row)
template <class At>
Matrix make_rows(std::size_t count, const Position& origin, const At& at) {
  Matrix result(count, 3);
  parallel_each(count, kRowsPerTask, [&](std::size_t i) {
    const Position& position = at(i);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      result(i, axis) = static_cast<float>(position[axis] - origin[axis]);
    }
  });
  return result;
}

}  // namespace

Matrix rows_relative_to(const Position& origin, std::span<const Position> positions) {
  return make_rows(positions.size(), origin,
                   [&](std::size_t i) -> const Position& { return positions[i]; });
}

Matrix rows_relative_to(const Position& origin, std::span<const Position> positions,
                        std::span<const std::uint32_t> rows) {
  return make_rows(rows.size(), origin,
                   [&](std::size_t i) -> const Position& { return positions[rows[i]]; });
}

}  // namespace ptattn
