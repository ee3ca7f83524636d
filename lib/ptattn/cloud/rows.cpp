#include "ptattn/cloud/rows.hpp"

#include <cstring>

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

PointCloud take_points(const PointCloud& cloud, const std::vector<std::size_t>& indices) {
  PointCloud taken(indices.size());
  taken.set_name(cloud.name());
  for (const Field& field : cloud.fields()) {
    const std::size_t size = field.bytes_per_point();
    const std::byte* const from = field.bytes().data();
    std::byte* const to = taken.add(field.name(), field.type(), field.count()).bytes().data();
    parallel_each(indices.size(), kRowsPerTask, [&](std::size_t i) {
      std::memcpy(to + i * size, from + indices[i] * size, size);
    });
  }
  return taken;
}

}  // namespace ptattn
