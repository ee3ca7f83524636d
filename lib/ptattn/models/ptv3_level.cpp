#include "ptattn/models/ptv3_level.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/models/ptv3_serialization.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

static_assert(kNoRow == VoxelHash::kNone, "a voxel that is not there is no row");

constexpr std::size_t kGrain = 1024;  // cells of a task

std::vector<std::uint32_t> identity(std::size_t n) {
  std::vector<std::uint32_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

/// Groups rows of equal keys; rows along the Z curve usually need no sorting for that.
Ptv3Pooling group(std::span<const std::uint64_t> keys) {
  GroupOrder groups = group_order(keys);
  std::vector<std::uint32_t> cells = group_of_items(groups);
  return {std::move(groups.items), std::move(groups.begins), std::move(cells)};
}

void mean_position(const Matrix& positions, std::span<const std::uint32_t> rows, float* mean) {
  std::array<double, 3> sum{};
  for (const std::uint32_t row : rows) {
    for (std::size_t a = 0; a < 3; ++a) sum[a] += positions(row, a);
  }
  for (std::size_t a = 0; a < 3; ++a) {
    mean[a] = static_cast<float>(sum[a] / static_cast<double>(rows.size()));
  }
}

}  // namespace

std::vector<Patch> cut_patches(std::span<const std::size_t> ends, std::size_t patch_size) {
  std::vector<Patch> patches;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    for (std::size_t at = begin; at < end; at += patch_size) {
      const std::size_t last = std::min(at + patch_size, end);
      const bool borrows = last - at < patch_size && end - begin > patch_size;
      patches.push_back({borrows ? end - patch_size : at, at, last});
    }
    begin = end;
  }
  return patches;
}

std::vector<Patch> patches_of_part(std::span<const std::uint64_t> codes,
                                   const PatchCuts::Order& cuts) {
  const auto place_of = [&](std::uint64_t code) {
    return static_cast<std::size_t>(std::ranges::lower_bound(codes, code) - codes.begin());
  };
  std::vector<Patch> patches;
  std::size_t begin = 0;
  for (std::size_t p = 0; p < cuts.begins.size(); ++p) {
    const bool is_last = p + 1 == cuts.begins.size();
    const std::size_t end = is_last ? codes.size() : place_of(cuts.begins[p + 1]);
    if (end > begin) patches.push_back({is_last ? place_of(cuts.borrowed) : begin, begin, end});
    begin = end;
  }
  return patches;
}

std::size_t Ptv3Level::cloud_of(std::size_t row) const {
  const auto behind = std::upper_bound(ends.begin(), ends.end(), row);
  return static_cast<std::size_t>(behind - ends.begin());
}

FindNeighbors windows_around(const Ptv3Level& level, const VoxelHash& hash, int radius) {
  return
      [&level, &hash, radius](std::size_t begin, std::size_t end, std::span<std::uint32_t> rows) {
        const std::size_t volume = rows.size() / (end - begin);
        VoxelHash::Cursor cursor(hash);
        for (std::size_t i = begin; i < end; ++i) {
          cursor.window(level.cloud_of(i), level.cells[i], radius,
                        rows.subspan((i - begin) * volume, volume));
        }
      };
}

void serialize(Ptv3Level& level, const VoxelHash& hash, std::span<const Curve> curves) {
  for (const Curve curve : curves) {
    level.orders.push_back(curve == Curve::kZ
                               ? identity(level.size())
                               : sort_order(serialized_codes(curve, level.cells, level.ends,
                                                             std::max(1, level.depth))));
  }
  level.neighbors = std::make_unique<KernelMap>(level.size(), 27, windows_around(level, hash, 1));
}

std::vector<Cell> divided(std::span<const Cell> cells, std::size_t stride) {
  const auto divisor = static_cast<std::uint32_t>(stride);
  std::vector<Cell> result(cells.size());
  parallel_each(cells.size(), kGrain, [&](std::size_t i) {
    const auto [x, y, z] = cells[i];
    result[i] = {x / divisor, y / divisor, z / divisor};
  });
  return result;
}

Ptv3Level coarser(const Ptv3Level& level, std::size_t stride, Ptv3Pooling& pooling) {
  const std::vector<Cell> cells = divided(level.cells, stride);
  pooling = group(serialized_codes(Curve::kZ, cells, level.ends, kPtv3MaxDepth));

  Ptv3Level next;
  const std::size_t n = pooling.begins.size() - 1;
  next.cells.resize(n);
  next.positions = Matrix(n, 3);
  parallel_each(n, kGrain, [&](std::size_t i) {
    const std::size_t begin = pooling.begins[i];
    const std::span<const std::uint32_t> rows{pooling.members.data() + begin,
                                              pooling.begins[i + 1] - begin};
    next.cells[i] = cells[rows.front()];
    mean_position(level.positions, rows, next.positions.row(i));
  });
  for (const std::size_t end : level.ends) {
    next.ends.push_back(end == 0 ? 0 : pooling.cells[pooling.members[end - 1]] + 1);
  }
  return next;
}

}  // namespace ptattn
