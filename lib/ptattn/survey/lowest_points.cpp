#include "ptattn/survey/lowest_points.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/pipeline.hpp"
#include "ptattn/io/atomic_file.hpp"

namespace ptattn {
namespace {

/// Squares under way at a time; each has its points in memory.
std::size_t squares_at_a_time() {
  return static_cast<std::size_t>(2 * thread_count());
}

/// The lowest points of a square, packed.
struct PackedSquare {
  PointChunk chunk{};
  std::string bytes{};
};

/// The lowest point of each column of a square, column by column.
std::vector<Position> lowest_of(std::span<const Position> positions, const SurveyGrid& grid,
                                std::uint32_t square) {
  const TileBox box = grid.square_box(square);
  std::vector<std::uint32_t> lowest(std::size_t{grid.edge} * grid.edge, UINT32_MAX);
  for (std::uint32_t p = 0; p < positions.size(); ++p) {
    const auto [i, j] = grid.voxel_of(positions[p]);
    std::uint32_t& low = lowest[std::size_t{i - box.low[0]} * grid.edge + (j - box.low[1])];
    if (low == UINT32_MAX || positions[p][2] < positions[low][2]) low = p;
  }
  std::vector<Position> points;
  for (const std::uint32_t low : lowest) {
    if (low != UINT32_MAX) points.push_back(positions[low]);
  }
  return points;
}

}  // namespace

std::vector<PointChunk> write_lowest_points(const PointStore& store, const SurveyGrid& grid,
                                            const std::filesystem::path& path) {
  const std::size_t stride = store.layout().stride();
  const PointCodec codec(store.layout());
  io::AtomicFile file(path);
  std::vector<PointChunk> chunks;
  std::uint32_t next = 0;
  std::uint64_t end = 0;
  std::size_t all = 0;
  std::size_t lowest = 0;
  const auto take = [&]() -> std::optional<std::uint32_t> {
    if (next == grid.size()) return std::nullopt;
    return next++;
  };
  const auto pack = [&](std::uint32_t square) {
    const std::vector<Position> points = lowest_of(store.positions_of(square), grid, square);
    std::vector<std::byte> records(points.size() * stride);
    for (std::size_t i = 0; i < points.size(); ++i) {
      std::memcpy(records.data() + i * stride, &points[i], sizeof points[i]);
    }
    PackedSquare packed{{.square = square, .points = static_cast<std::uint32_t>(points.size())}};
    if (!records.empty()) codec.pack(records, packed.bytes);
    return packed;
  };
  ordered_pipeline(squares_at_a_time(), take, pack, [&](PackedSquare packed) {
    if (packed.chunk.points == 0) return;
    packed.chunk.offset = std::exchange(end, end + packed.bytes.size());
    packed.chunk.bytes = packed.bytes.size();
    file.append(packed.bytes);
    all += store.points_of(packed.chunk.square);
    lowest += packed.chunk.points;
    chunks.push_back(packed.chunk);
  });
  if (2 * lowest > all) return {};
  file.commit();
  return chunks;
}

}  // namespace ptattn
