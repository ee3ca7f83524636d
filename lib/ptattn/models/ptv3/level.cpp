#include "ptattn/models/ptv3/level.hpp"

#include <algorithm>
#include <array>

#include "ptattn/core/parallel.hpp"
#include "ptattn/models/ptv3/serialization.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 1024;  // cells of a task

void fill_ascending(std::span<std::uint32_t> rows) {
  parallel_each(rows.size(), kGrain,
                [&](std::size_t i) { rows[i] = static_cast<std::uint32_t>(i); });
}

void mean_position(MatrixView positions, std::span<const std::uint32_t> rows, float* mean) {
  std::array<double, 3> sum{};
  for (const std::uint32_t row : rows) {
    for (std::size_t a = 0; a < 3; ++a) sum[a] += positions(row, a);
  }
  for (std::size_t a = 0; a < 3; ++a) {
    mean[a] = static_cast<float>(sum[a] / static_cast<double>(rows.size()));
  }
}

}  // namespace

Cell coarse_cell(const Cell& cell, std::size_t stride) {
  const auto divisor = static_cast<std::uint32_t>(stride);
  return {cell[0] / divisor, cell[1] / divisor, cell[2] / divisor};
}

std::span<const Patch> cut_patches(std::span<const std::size_t> ends, std::size_t patch_size,
                                   ScratchMemory& scratch) {
  std::size_t count = 0;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    count += (end - begin + patch_size - 1) / patch_size;
    begin = end;
  }
  const auto patches = scratch.take<Patch>(count);
  auto next = patches.begin();
  begin = 0;
  for (const std::size_t end : ends) {
    for (std::size_t at = begin; at < end; at += patch_size) {
      const std::size_t last = std::min(at + patch_size, end);
      const bool borrows = last - at < patch_size && end - begin > patch_size;
      *next++ = {borrows ? end - patch_size : at, at, last};
    }
    begin = end;
  }
  return patches;
}

std::span<const Patch> patches_of_part(std::span<const std::uint64_t> codes,
                                       const PatchCuts::Order& cuts, std::span<Patch> memory) {
  const auto row_of = [&](std::uint64_t code) {
    return static_cast<std::size_t>(std::ranges::lower_bound(codes, code) - codes.begin());
  };
  std::size_t count = 0;
  std::size_t begin = 0;
  for (std::size_t p = 0; p < cuts.begins.size(); ++p) {
    const bool is_last = p + 1 == cuts.begins.size();
    const std::size_t end = is_last ? codes.size() : row_of(cuts.begins[p + 1]);
    if (end > begin) memory[count++] = {is_last ? row_of(cuts.padding_begin) : begin, begin, end};
    begin = end;
  }
  return memory.first(count);
}

std::size_t Ptv3Level::cloud_of(std::size_t row) const {
  const auto behind = std::upper_bound(ends.begin(), ends.end(), row);
  return static_cast<std::size_t>(behind - ends.begin());
}

void VoxelWindows::operator()(std::size_t begin, std::size_t end,
                              std::span<std::uint32_t> rows) const {
  const std::size_t volume = rows.size() / (end - begin);
  VoxelHash::Cursor cursor(hash_);
  for (std::size_t i = begin; i < end; ++i) {
    cursor.window(level_.cloud_of(i), level_.cells[i], radius_,
                  rows.subspan((i - begin) * volume, volume));
  }
}

void order_along(std::span<const Curve> curves, Ptv3Level& level, ScratchMemory& scratch) {
  level.orders = scratch.take<std::span<const std::uint32_t>>(curves.size());
  for (std::size_t o = 0; o < curves.size(); ++o) {
    const auto order = scratch.take<std::uint32_t>(level.size());
    level.orders[o] = order;
    if (curves[o] == Curve::kZ) {
      fill_ascending(order);
      continue;
    }
    ScratchMemory of_codes;
    const auto codes = of_codes.take<std::uint64_t>(level.size());
    serialized_codes(curves[o], level.cells, level.ends, std::max(1, level.depth), codes);
    sort_order(codes, order);
  }
}

void lexicographic_keys(const Ptv3Level& level, std::span<std::uint64_t> keys) {
  parallel_each(keys.size(), kGrain, [&](std::size_t i) {
    std::uint64_t key = level.cloud_of(i);
    for (const std::uint32_t x : level.cells[i]) key = key << unsigned{kPtv3MaxDepth} | x;
    keys[i] = key;
  });
}

void coarse_codes(std::span<const Cell> cells, std::span<const std::size_t> ends,
                  std::size_t stride, std::span<std::uint64_t> codes) {
  ScratchMemory scratch;
  const auto coarse = scratch.take<Cell>(cells.size());
  parallel_each(cells.size(), kGrain,
                [&](std::size_t i) { coarse[i] = coarse_cell(cells[i], stride); });
  serialized_codes(Curve::kZ, coarse, ends, kPtv3MaxDepth, codes);
}

Ptv3Pooling pool(const Ptv3Level& level, std::size_t stride, ScratchMemory& scratch) {
  const std::size_t n = level.size();
  const auto members = scratch.take<std::uint32_t>(n);
  const auto cells = scratch.take<std::uint32_t>(n);
  const auto begins = scratch.take<std::uint32_t>(n + 1);
  std::size_t count = 0;
  {
    ScratchMemory temporary;
    const auto codes = temporary.take<std::uint64_t>(n);
    coarse_codes(level.cells, level.ends, stride, codes);
    count = group_order(codes, members, begins);
  }
  const auto used = scratch.keep_first(begins, count + 1);
  group_of_items(members, used, cells);
  return {members, cells, used};
}

Ptv3Level downsampled(const Ptv3Level& level, std::size_t stride, const Ptv3Pooling& pooling,
                      ScratchMemory& scratch) {
  const std::size_t n = pooling.size();
  const auto cells = scratch.take<Cell>(n);
  const auto ends = scratch.take<std::size_t>(level.ends.size());
  const MutableMatrixView positions = scratch.matrix(n, 3);
  parallel_each(n, kGrain, [&](std::size_t i) {
    const std::size_t begin = pooling.begins[i];
    const auto rows = pooling.members.subspan(begin, pooling.begins[i + 1] - begin);
    cells[i] = coarse_cell(level.cells[rows.front()], stride);
    mean_position(level.positions, rows, positions.row(i));
  });
  std::ranges::transform(level.ends, ends.begin(), [&](std::size_t end) {
    return end == 0 ? std::size_t{0} : pooling.cells[pooling.members[end - 1]] + std::size_t{1};
  });
  return {.cells = cells,
          .ends = ends,
          .depth = 1,
          .positions = positions,
          .orders = {},
          .neighbors = {}};
}

}  // namespace ptattn
