#include "ptattn/io/las/laz/chunk_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "ptattn/io/las/laz/arithmetic_decoder.hpp"
#include "ptattn/io/las/laz/arithmetic_encoder.hpp"
#include "ptattn/io/las/laz/integer_codec.hpp"
#include "ptattn/io/las/little_endian.hpp"

namespace ptattn::io::las::laz {
namespace {

constexpr std::size_t kTableFront = 8;  // a version, which is 0, and the number of chunks
constexpr std::size_t kCountSize = 4;   // of the points of a layered chunk, and of a layer's size

using TableCodec = IntegerCodec<32, 2>;
enum TableContext : std::size_t { kPointCount, kByteCount };

/// Where the table is; 0 when the file does not say it.
std::uint64_t offset_of_table(const ByteSource& source, std::uint64_t points_start) {
  Scratch scratch;
  const auto is_possible = [&](std::uint64_t offset) {
    return offset >= points_start + kTableOffsetSize && offset <= source.size() - kTableFront;
  };
  if (source.size() - points_start < kTableOffsetSize + kTableFront) return 0;
  const auto offset = load<std::uint64_t>(source.view(points_start, 8, scratch).data());
  if (is_possible(offset)) return offset;
  const auto last = load<std::uint64_t>(source.view(source.size() - 8, 8, scratch).data());
  return is_possible(last) ? last : 0;
}

/// Cuts chunks off until they hold `points` points; nothing when there are fewer.
std::optional<std::vector<Chunk>> cut_to(std::vector<Chunk> chunks, std::uint64_t points) {
  std::uint64_t seen = 0;
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    chunks[c].points = std::min(chunks[c].points, points - seen);
    seen += chunks[c].points;
    if (seen == points) {
      chunks.resize(c + 1);
      return chunks;
    }
  }
  if (seen < points) return std::nullopt;
  return chunks;
}

std::size_t layers_of(const LazSettings& settings) {
  std::size_t layers = 0;
  for (const Item& item : settings.items) {
    switch (item.kind) {
      case ItemKind::kPoint14:
        layers += 9;
        break;
      case ItemKind::kColorInfrared14:
        layers += 2;
        break;
      case ItemKind::kBytes14:
        layers += item.size;
        break;
      default:
        layers += 1;
    }
  }
  return layers;
}

}  // namespace

std::optional<std::vector<Chunk>> read_chunk_table(const ByteSource& source,
                                                   const LazSettings& settings,
                                                   std::uint64_t points_start,
                                                   std::uint64_t points) {
  const std::uint64_t offset = offset_of_table(source, points_start);
  if (offset == 0) return std::nullopt;
  Scratch scratch;
  const auto front = source.view(offset, kTableFront, scratch);
  const auto version = load<std::uint32_t>(front.data());
  const auto count = load<std::uint32_t>(front.data() + 4);
  std::uint64_t at = points_start + kTableOffsetSize;
  if (version != 0 || count > (offset - at) / settings.stride()) return std::nullopt;
  if (count == 0 && points == 0) return std::vector<Chunk>();
  const std::size_t most = 16 * (std::size_t{count} + 8);  // more than its numbers can take
  const std::size_t there = std::min<std::uint64_t>(most, source.size() - offset - kTableFront);
  std::vector<std::byte> bytes(there + ArithmeticDecoder::kReadAhead);
  const auto read = source.view(offset + kTableFront, there, scratch);
  std::memcpy(bytes.data(), read.data(), there);
  ArithmeticDecoder decoder;
  decoder.start(std::span(bytes).first(there));
  TableCodec codec;
  codec.reset();
  std::vector<Chunk> chunks;
  const bool variable = settings.chunk_points == kVariableChunks;
  std::array<std::int32_t, 2> last{};
  for (std::uint32_t c = 0; c < count; ++c) {
    if (variable) last[0] = codec.code(decoder, last[0], 0, kPointCount);
    last[1] = codec.code(decoder, last[1], 0, kByteCount);
    const auto size = static_cast<std::uint32_t>(last[1]);
    const auto held = variable ? static_cast<std::uint32_t>(last[0]) : settings.chunk_points;
    if (decoder.is_exhausted() || size > offset - at) return std::nullopt;
    chunks.push_back({at, size, held});
    at += size;
  }
  return cut_to(std::move(chunks), points);
}

std::vector<Chunk> find_layered_chunks(const ByteSource& source, const LazSettings& settings,
                                       std::uint64_t start, std::uint64_t points, bool salvage) {
  std::vector<Chunk> chunks;
  const std::size_t stride = settings.stride();
  const std::size_t layers = layers_of(settings);
  const std::size_t front = stride + kCountSize * (1 + layers);
  Scratch scratch;
  while (points > 0 && source.size() - start >= front) {
    const auto bytes = source.view(start, front, scratch);
    Chunk chunk{start, front, load<std::uint32_t>(bytes.data() + stride)};
    for (std::size_t l = 1; l <= layers; ++l) {
      chunk.bytes += load<std::uint32_t>(bytes.data() + stride + kCountSize * l);
    }
    const bool whole = chunk.bytes <= source.size() - start;
    if (chunk.points == 0 || chunk.points > points || (!whole && !salvage)) break;
    chunk.bytes = std::min(chunk.bytes, source.size() - start);
    chunks.push_back(chunk);
    if (!whole) break;
    points -= chunk.points;
    start += chunk.bytes;
  }
  return chunks;
}

std::string format_chunk_table(std::span<const std::uint64_t> bytes) {
  std::array<std::byte, kTableFront> front{};
  store<std::uint32_t>(front.data() + 4, static_cast<std::uint32_t>(bytes.size()));
  std::string out(reinterpret_cast<const char*>(front.data()), front.size());
  if (bytes.empty()) return out;
  ArithmeticEncoder encoder;
  encoder.start();
  TableCodec codec;
  codec.reset();
  std::int32_t last = 0;
  for (const std::uint64_t size : bytes) {
    last = codec.code(encoder, last, static_cast<std::int32_t>(size), kByteCount);
  }
  const auto coded = encoder.finish();
  return out.append(reinterpret_cast<const char*>(coded.data()), coded.size());
}

}  // namespace ptattn::io::las::laz
