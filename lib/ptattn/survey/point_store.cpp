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

Position position_in(const std::byte* record) {
  Position p;
  std::memcpy(&p, record, sizeof p);
  return p;
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
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string& waiting = waiting_[squares[i]];
    const bool was_full = waiting.size() >= chunk_bytes_;
    waiting.append(reinterpret_cast<const char*>(records_.data()) + i * stride, stride);
    if (!was_full && waiting.size() >= chunk_bytes_) full.push_back(squares[i]);
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

std::vector<std::byte> PointStore::load(const PointChunk& chunk) const {
  std::vector<std::byte> packed(static_cast<std::size_t>(chunk.bytes));
  source_->read(chunk.offset, packed);
  std::vector<std::byte> records(chunk.points * stride_);
  if (codec_.unpack(packed, records) != packed.size()) source_->fail("is damaged");
  return records;
}

std::vector<Position> PointStore::positions_of(std::uint32_t square) const {
  std::vector<Position> positions;
  for (const PointChunk& chunk : chunks_of(square)) {
    const std::vector<std::byte> records = load(chunk);
    for (std::size_t at = 0; at < records.size(); at += stride_) {
      positions.push_back(position_in(records.data() + at));
    }
  }
  return positions;
}

/// Moves the records of points inside of a box to the front.
std::size_t PointStore::keep_inside(std::span<std::byte> records, const SurveyGrid& grid,
                                    const TileBox& box) const {
  std::size_t kept = 0;
  for (std::size_t at = 0; at < records.size(); at += stride_) {
    const auto [i, j] = grid.voxel_of(position_in(records.data() + at));
    const bool inside = i >= box.low[0] && i < box.high[0] && j >= box.low[1] && j < box.high[1];
    if (!inside) continue;
    if (kept * stride_ != at) {
      std::memmove(records.data() + kept * stride_, records.data() + at, stride_);
    }
    ++kept;
  }
  return kept;
}

PointCloud PointStore::read(std::span<const std::uint32_t> squares,
                            std::span<const std::uint32_t> around, const SurveyGrid& grid,
                            const TileBox& box) const {
  std::vector<PointChunk> chunks;
  for (const std::uint32_t square : squares) {
    const auto own = chunks_of(square);
    chunks.insert(chunks.end(), own.begin(), own.end());
  }
  const std::size_t own = chunks.size();  // taken as they are
  for (const std::uint32_t square : around) {
    const auto near = chunks_of(square);
    chunks.insert(chunks.end(), near.begin(), near.end());
  }
  const auto is_taken_whole = [&](std::size_t c) {
    return c < own || is_within(grid.square_box(chunks[c].square), box);
  };
  std::vector<std::size_t> first(chunks.size() + 1);
  parallel_each(chunks.size(), 1, [&](std::size_t c) {
    if (is_taken_whole(c)) {
      first[c + 1] = chunks[c].points;
      return;
    }
    std::vector<std::byte> records = load(chunks[c]);
    first[c + 1] = keep_inside(records, grid, box);
  });
  for (std::size_t c = 0; c < chunks.size(); ++c) first[c + 1] += first[c];
  CloudOfRecords cloud(layout_, first.back());
  parallel_each(chunks.size(), 1, [&](std::size_t c) {
    std::vector<std::byte> records = load(chunks[c]);
    if (!is_taken_whole(c)) records.resize(keep_inside(records, grid, box) * stride_);
    cloud.fill(first[c], records);
  });
  return std::move(cloud.cloud());
}

}  // namespace ptattn
