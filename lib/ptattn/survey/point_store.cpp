#include "ptattn/survey/point_store.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/survey/point_records.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPointsPerTask = 8192;
constexpr std::size_t kFewestChunkPoints = 64;
constexpr std::size_t kMostChunkPoints = 8192;
constexpr std::size_t kChunksAtATime = 256;

bool is_within(const TileBox& inner, const TileBox& outer) {
  return inner.low[0] >= outer.low[0] && inner.low[1] >= outer.low[1] &&
         inner.high[0] <= outer.high[0] && inner.high[1] <= outer.high[1];
}

bool is_apart(const TileBox& a, const TileBox& b) {
  return a.high[0] <= b.low[0] || b.high[0] <= a.low[0] || a.high[1] <= b.low[1] ||
         b.high[1] <= a.low[1];
}

Position position_in(const std::byte* record) {
  Position p;
  std::memcpy(&p, record, sizeof p);
  return p;
}

/// A chunk of which points are wanted.
struct ChunkOfRegion {
  const PointRegion* region;
  const PointChunk* chunk;
  bool whole;
};

std::vector<ChunkOfRegion> chunks_of(std::span<const PointRegion> regions, const SurveyGrid& grid) {
  std::vector<ChunkOfRegion> chunks;
  for (const PointRegion& region : regions) {
    for (const std::uint32_t square : grid.squares_of(region.within)) {
      const TileBox box = grid.square_box(square);
      if (is_within(box, region.without)) continue;
      const bool whole = is_within(box, region.within) && is_apart(box, region.without);
      for (const PointChunk& chunk : region.store.chunks_of(square)) {
        chunks.push_back({&region, &chunk, whole});
      }
    }
  }
  return chunks;
}

/// The records of the points wanted of a chunk.
std::vector<std::byte> records_of(const ChunkOfRegion& wanted, const SurveyGrid& grid) {
  const PointRegion& region = *wanted.region;
  std::vector<std::byte> records = region.store.records_of(*wanted.chunk);
  if (wanted.whole) return records;
  const std::size_t stride = region.store.layout().stride();
  std::size_t kept = 0;
  for (std::size_t at = 0; at < records.size(); at += stride) {
    const auto [i, j] = grid.voxel_of(position_in(records.data() + at));
    if (!region.within.holds(i, j) || region.without.holds(i, j)) continue;
    if (kept != at) std::memmove(records.data() + kept, records.data() + at, stride);
    kept += stride;
  }
  records.resize(kept);
  return records;
}

}  // namespace

PointStoreWriter::PointStoreWriter(const std::filesystem::path& path, PointLayout layout,
                                   std::size_t squares, std::size_t memory)
    : layout_(std::move(layout)), codec_(layout_), file_(path), waiting_(squares) {
  const std::size_t stride = layout_.stride();
  const std::size_t fitting = memory / (std::max<std::size_t>(squares, 1) * stride);
  chunk_bytes_ = stride * std::clamp(fitting, kFewestChunkPoints, kMostChunkPoints);
}

void PointStoreWriter::add(const PointCloud& piece, std::span<const std::uint32_t> rows,
                           std::span<const Position> positions,
                           std::span<const std::uint32_t> squares) {
  const std::size_t stride = layout_.stride();
  const RecordWriter writer(piece, layout_);
  records_.resize(rows.size() * stride);
  parallel_each(rows.size(), kPointsPerTask, [&](std::size_t i) {
    writer.write(rows[i], positions[i], begin_ + rows[i], records_.data() + i * stride);
  });
  begin_ += piece.size();
  std::vector<std::uint32_t> full;
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t end = i + 1;  // of the points of one square that follow each other
    while (end < rows.size() && squares[end] == squares[i]) ++end;
    std::string& waiting = waiting_[squares[i]];
    const bool was_full = waiting.size() >= chunk_bytes_;
    waiting.append(reinterpret_cast<const char*>(records_.data()) + i * stride, (end - i) * stride);
    if (!was_full && waiting.size() >= chunk_bytes_) full.push_back(squares[i]);
    i = end;
  }
  write(full);
}

/// Writes what waits of some squares, packed side by side.
void PointStoreWriter::write(std::span<const std::uint32_t> squares) {
  for (; !squares.empty(); squares = squares.subspan(std::min(kChunksAtATime, squares.size()))) {
    std::vector<std::string> packed(std::min(kChunksAtATime, squares.size()));
    parallel_each(packed.size(), 1, [&](std::size_t i) {
      codec_.pack(std::as_bytes(std::span(waiting_[squares[i]])), packed[i]);
    });
    for (std::size_t i = 0; i < packed.size(); ++i) {
      std::string& waiting = waiting_[squares[i]];
      const auto points = static_cast<std::uint32_t>(waiting.size() / layout_.stride());
      file_.append(packed[i]);
      chunks_.push_back({squares[i], points, end_, packed[i].size()});
      end_ += packed[i].size();
      waiting.clear();
      if (waiting.capacity() > 2 * chunk_bytes_) waiting.shrink_to_fit();
    }
  }
}

std::vector<PointChunk> PointStoreWriter::finish() {
  std::vector<std::uint32_t> left;
  for (std::uint32_t square = 0; square < waiting_.size(); ++square) {
    if (!waiting_[square].empty()) left.push_back(square);
  }
  write(left);
  file_.commit();
  std::ranges::stable_sort(chunks_, {}, &PointChunk::square);
  return std::move(chunks_);
}

PointStore::PointStore(const std::filesystem::path& path, PointLayout layout, std::size_t squares,
                       std::vector<PointChunk> chunks)
    : layout_(std::move(layout)),
      codec_(layout_),
      stride_(layout_.stride()),
      source_(std::make_unique<io::ByteSource>(path)),
      chunks_(std::move(chunks)),
      first_(squares + 1) {
  std::uint64_t bytes = 0;
  for (const PointChunk& chunk : chunks_) {
    ++first_.at(chunk.square + 1);
    if (chunk.bytes > source_->size()) source_->fail("is shorter than its list of points says");
    bytes = std::max(bytes, chunk.offset + chunk.bytes);
  }
  for (std::size_t s = 0; s < squares; ++s) first_[s + 1] += first_[s];
  if (bytes > source_->size()) source_->fail("is shorter than its list of points says");
}

std::span<const PointChunk> PointStore::chunks_of(std::uint32_t square) const {
  return std::span(chunks_).subspan(first_[square], first_[square + 1] - first_[square]);
}

std::size_t PointStore::points_of(std::uint32_t square) const {
  std::size_t points = 0;
  for (const PointChunk& chunk : chunks_of(square)) points += chunk.points;
  return points;
}

std::vector<std::byte> PointStore::records_of(const PointChunk& chunk) const {
  std::vector<std::byte> packed(static_cast<std::size_t>(chunk.bytes));
  source_->read(chunk.offset, packed);
  std::vector<std::byte> records(chunk.points * stride_);
  if (codec_.unpack(packed, records) != packed.size()) source_->fail("is damaged");
  return records;
}

std::vector<Position> PointStore::positions_of(std::uint32_t square) const {
  std::vector<Position> positions;
  for (const PointChunk& chunk : chunks_of(square)) {
    const std::vector<std::byte> records = records_of(chunk);
    for (std::size_t at = 0; at < records.size(); at += stride_) {
      positions.push_back(position_in(records.data() + at));
    }
  }
  return positions;
}

void PointStore::expect(std::uint32_t square) const {
  for (const PointChunk& chunk : chunks_of(square)) source_->expect(chunk.offset, chunk.bytes);
}

PointCloud read_points(std::span<const PointRegion> regions, const SurveyGrid& grid) {
  const std::vector<ChunkOfRegion> chunks = chunks_of(regions, grid);
  const PointLayout& layout = regions.front().store.layout();
  std::vector<std::size_t> first(chunks.size() + 1);
  parallel_each(chunks.size(), 1, [&](std::size_t c) {
    first[c + 1] = chunks[c].whole ? chunks[c].chunk->points
                                   : records_of(chunks[c], grid).size() / layout.stride();
  });
  for (std::size_t c = 0; c < chunks.size(); ++c) first[c + 1] += first[c];
  CloudOfRecords cloud(layout, first.back());
  parallel_each(chunks.size(), 1,
                [&](std::size_t c) { cloud.fill(first[c], records_of(chunks[c], grid)); });
  return std::move(cloud.cloud());
}

}  // namespace ptattn
