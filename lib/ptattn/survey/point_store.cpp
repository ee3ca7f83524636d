#include "ptattn/survey/point_store.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPositionBytes = sizeof(Position);
constexpr std::size_t kPointsPerTask = 8192;
constexpr std::size_t kFewestChunkPoints = 64;
constexpr std::size_t kMostChunkPoints = 8192;

/// Where the fields of a cloud of points stand in their records.
std::vector<io::RecordColumn<std::byte>> columns_of(PointCloud& cloud) {
  std::vector<io::RecordColumn<std::byte>> columns;
  std::size_t offset = 0;
  for (Field& field : cloud.fields()) {
    columns.push_back({field.bytes().data(), field.bytes_per_point(), offset, size_of(field.type()),
                       field.count()});
    offset += field.bytes_per_point();
  }
  return columns;
}

PointCloud empty_cloud(const PointLayout& layout, std::size_t points) {
  PointCloud cloud(points);
  for (const char* const axis : {"x", "y", "z"}) cloud.add(axis, FieldType::kFloat64);
  if (layout.order) cloud.add(PointLayout::kOrder, FieldType::kUInt64);
  for (const PointLayout::Kept& kept : layout.fields) cloud.add(kept.name, kept.type, kept.count);
  return cloud;
}

Position position_in(const std::byte* record) {
  Position p;
  std::memcpy(&p, record, sizeof p);
  return p;
}

}  // namespace

std::size_t PointLayout::stride() const {
  std::size_t bytes = kPositionBytes + (order ? sizeof(std::uint64_t) : 0);
  for (const Kept& kept : fields) bytes += size_of(kept.type) * kept.count;
  return bytes;
}

PointStoreWriter::PointStoreWriter(const std::filesystem::path& path, PointLayout layout,
                                   std::size_t squares, std::size_t memory)
    : layout_(std::move(layout)), file_(path), waiting_(squares) {
  const std::size_t stride = layout_.stride();
  const std::size_t fitting = memory / (std::max<std::size_t>(squares, 1) * stride);
  chunk_bytes_ = stride * std::clamp(fitting, kFewestChunkPoints, kMostChunkPoints);
}

void PointStoreWriter::add(const PointCloud& piece, std::span<const std::uint32_t> rows,
                           std::span<const Position> positions,
                           std::span<const std::uint32_t> squares) {
  const std::size_t stride = layout_.stride();
  std::vector<const Field*> fields;
  for (const PointLayout::Kept& kept : layout_.fields) fields.push_back(piece.find(kept.name));
  records_.resize(rows.size() * stride);
  parallel_each(rows.size(), kPointsPerTask, [&](std::size_t i) {
    std::byte* to = records_.data() + i * stride;
    std::memcpy(to, &positions[i], kPositionBytes);
    to += kPositionBytes;
    if (layout_.order) {
      const std::uint64_t place = begin_ + rows[i];
      std::memcpy(to, &place, sizeof place);
      to += sizeof place;
    }
    for (const Field* const field : fields) {
      const std::size_t bytes = field->bytes_per_point();
      std::memcpy(to, field->bytes().data() + rows[i] * bytes, bytes);
      to += bytes;
    }
  });
  begin_ += piece.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string& waiting = waiting_[squares[i]];
    waiting.append(reinterpret_cast<const char*>(records_.data()) + i * stride, stride);
    if (waiting.size() >= chunk_bytes_) write(squares[i]);
  }
}

void PointStoreWriter::write(std::uint32_t square) {
  std::string& waiting = waiting_[square];
  const auto points = static_cast<std::uint32_t>(waiting.size() / layout_.stride());
  file_.append(waiting);
  chunks_.push_back({square, points, end_});
  end_ += waiting.size();
  waiting.clear();
}

std::vector<PointChunk> PointStoreWriter::finish() {
  for (std::uint32_t square = 0; square < waiting_.size(); ++square) {
    if (!waiting_[square].empty()) write(square);
  }
  file_.commit();
  std::ranges::stable_sort(chunks_, {}, &PointChunk::square);
  return std::move(chunks_);
}

PointStore::PointStore(const std::filesystem::path& path, PointLayout layout, std::size_t squares,
                       std::vector<PointChunk> chunks)
    : layout_(std::move(layout)),
      stride_(layout_.stride()),
      source_(std::make_unique<io::ByteSource>(path)),
      chunks_(std::move(chunks)),
      first_(squares + 1) {
  std::uint64_t bytes = 0;
  for (const PointChunk& chunk : chunks_) {
    ++first_.at(chunk.square + 1);
    bytes = std::max(bytes, chunk.offset + std::uint64_t{chunk.points} * stride_);
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

std::span<std::byte> PointStore::load(const PointChunk& chunk,
                                      std::vector<std::byte>& memory) const {
  memory.resize(chunk.points * stride_);
  source_->read(chunk.offset, memory);
  return memory;
}

std::vector<Position> PointStore::positions_of(std::uint32_t square) const {
  std::vector<Position> positions;
  std::vector<std::byte> memory;
  for (const PointChunk& chunk : chunks_of(square)) {
    const auto records = load(chunk, memory);
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
  const std::size_t whole = chunks.size();  // taken as they are
  for (const std::uint32_t square : around) {
    const auto near = chunks_of(square);
    chunks.insert(chunks.end(), near.begin(), near.end());
  }
  std::vector<std::size_t> first(chunks.size() + 1);
  parallel_each(chunks.size(), 1, [&](std::size_t c) {
    if (c < whole) {
      first[c + 1] = chunks[c].points;
      return;
    }
    std::vector<std::byte> memory;
    first[c + 1] = keep_inside(load(chunks[c], memory), grid, box);
  });
  for (std::size_t c = 0; c < chunks.size(); ++c) first[c + 1] += first[c];
  PointCloud cloud = empty_cloud(layout_, first.back());
  const auto columns = columns_of(cloud);
  parallel_each(chunks.size(), 1, [&](std::size_t c) {
    std::vector<std::byte> memory;
    auto records = load(chunks[c], memory);
    if (c >= whole) records = records.first(keep_inside(records, grid, box) * stride_);
    io::unpack_records(records, stride_, false, first[c], columns);
  });
  return cloud;
}

}  // namespace ptattn
