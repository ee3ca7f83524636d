#include "ptattn/io/las/laz/laz_points.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/io/las/laz/arithmetic_decoder.hpp"
#include "ptattn/io/las/laz/chunk_codec.hpp"
#include "ptattn/io/las/laz/worker_pool.hpp"
#include "ptattn/io/las/little_endian.hpp"
#include "ptattn/io/point_blocks.hpp"

namespace ptattn::io::las::laz {
namespace {

// More points in a byte than this are possible, when all are alike, and checked before memory is
// taken for them.
constexpr std::uint64_t kLikelyPointsPerByte = 64;

struct DecodingWorker {
  explicit DecodingWorker(const LazSettings& settings)
      : decoder(make_decoder(settings)),
        block(points_of_block(settings.stride())),
        records(block * settings.stride()) {}

  std::unique_ptr<ChunkDecoder> decoder;
  std::size_t block;  // points
  std::vector<std::byte> records;
  std::vector<std::byte> bytes;  // of a chunk, and a few behind

  /// Begins with the bytes of a chunk.
  void start(const ByteSource& source, std::uint64_t begin, std::size_t count) {
    bytes.resize(count + ArithmeticDecoder::kReadAhead);
    start(source, begin, std::span(bytes).first(count));
  }
  /// The same, with room for the bytes, and a few behind it.
  void start(const ByteSource& source, std::uint64_t begin, std::span<std::byte> room) const {
    source.read(begin, room);
    decoder->start(room);
  }

  /// Decodes up to `points` points, block by block, and returns how many were whole.
  template <class Sink>
  std::uint64_t decode(std::uint64_t points, const Sink& sink) {
    const std::size_t stride = records.size() / block;
    std::uint64_t done = 0;
    while (done < points) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(block, points - done));
      const auto part = std::span(records).first(count * stride);
      const std::size_t whole = decoder->decode(part);
      sink(done, part.first(whole * stride));
      done += whole;
      if (whole < count) break;
    }
    return done;
  }
};

WorkerPool<DecodingWorker> decoders_for(const LazSettings& settings) {
  return WorkerPool<DecodingWorker>(
      [&settings] { return std::make_unique<DecodingWorker>(settings); });
}

constexpr auto kNoSink = [](std::uint64_t /*first*/, std::span<const std::byte> /*records*/) {};

/// Counts the points of every chunk that are whole.
std::vector<std::uint64_t> count_whole_points(const ByteSource& source, const LazSettings& settings,
                                              std::span<const Chunk> chunks) {
  auto pool = decoders_for(settings);
  std::vector<std::uint64_t> whole(chunks.size());
  parallel_each(chunks.size(), 1, [&](std::size_t c) {
    pool.with_worker([&](DecodingWorker& worker) {
      worker.start(source, chunks[c].start, chunks[c].bytes);
      whole[c] = worker.decode(chunks[c].points, kNoSink);
    });
  });
  return whole;
}

/// Finds pointwise chunks without a table: each must be decoded to know where the next one begins.
std::vector<Chunk> find_pointwise_chunks(const ByteSource& source, const LazSettings& settings,
                                         std::uint64_t start, std::uint64_t points) {
  const bool one_stream = settings.compressor == LazSettings::Compressor::kOneStream;
  const std::uint64_t held = one_stream ? points : settings.chunk_points;
  DecodingWorker worker(settings);
  std::vector<Chunk> chunks;
  while (points > 0 && start < source.size()) {
    Chunk chunk{start, source.size() - start, std::min(points, held)};
    if (!one_stream) {  // no encoder doubles its points
      const std::uint64_t most = saturated_product(2 * settings.stride(), chunk.points + 64);
      chunk.bytes = std::min(chunk.bytes, most);
    }
    worker.start(source, chunk.start, chunk.bytes);
    const std::uint64_t whole = worker.decode(chunk.points, kNoSink);
    const bool complete = whole == chunk.points;
    chunk.points = whole;
    if (complete && !one_stream) chunk.bytes = worker.decoder->used_bytes();
    if (whole > 0) chunks.push_back(chunk);
    if (!complete) break;
    points -= whole;
    start += chunk.bytes;
  }
  return chunks;
}

void sum_up(ChunkList& list, std::uint64_t claimed) {
  list.points = 0;
  for (const Chunk& chunk : list.chunks) list.points += chunk.points;
  if (list.points == claimed || !list.problem.empty()) return;
  list.problem = "ends after " + std::to_string(list.points) + " of " + std::to_string(claimed) +
                 " points, the file is truncated";
}

/// Lists the chunks to be kept and makes room for their bytes, with zeros behind each to read
/// ahead.
void make_room(std::span<const Chunk> chunks, CompressedPoints& kept) {
  std::size_t points = 0;
  std::size_t bytes = 0;
  for (const Chunk& chunk : chunks) {
    kept.chunks.push_back({points, chunk.points, bytes, chunk.bytes});
    points += chunk.points;
    bytes += chunk.bytes + ArithmeticDecoder::kReadAhead;
  }
  kept.bytes.resize(bytes);
  for (const CompressedPoints::Chunk& chunk : kept.chunks) {
    std::memset(kept.bytes.data() + chunk.begin + chunk.size, 0, ArithmeticDecoder::kReadAhead);
  }
}

[[noreturn]] void fail_chunk(const ByteSource& source, std::size_t chunk, std::size_t chunks) {
  source.fail("chunk " + std::to_string(chunk + 1) + " of " + std::to_string(chunks) +
              " of its compressed points is damaged or truncated");
}

}  // namespace

ChunkList find_chunks(const ByteSource& source, const LazSettings& settings,
                      std::uint64_t points_start, std::uint64_t points, bool salvage) {
  const bool one_stream = settings.compressor == LazSettings::Compressor::kOneStream;
  ChunkList list;
  bool checked = false;
  std::optional<std::vector<Chunk>> table;
  if (!one_stream) table = read_chunk_table(source, settings, points_start, points);
  if (table) {
    list.chunks = std::move(*table);
  } else if (points > 0) {
    const std::uint64_t start = points_start + (one_stream ? 0 : kTableOffsetSize);
    if (start > source.size()) source.fail("ends before its points, the file is truncated");
    if (settings.is_layered()) {
      list.chunks = find_layered_chunks(source, settings, start, points, salvage);
    } else if (settings.chunk_points == kVariableChunks && !one_stream) {
      source.fail("has chunks of different sizes but no chunk table, so it cannot be read");
    } else {
      list.chunks = find_pointwise_chunks(source, settings, start, points);
      checked = true;
    }
  }
  const bool unlikely = points / kLikelyPointsPerByte > source.size();
  if (!checked && (salvage || unlikely)) {
    const auto whole = count_whole_points(source, settings, list.chunks);
    for (std::size_t c = 0; c < whole.size(); ++c) list.chunks[c].points = whole[c];
    std::erase_if(list.chunks, [](const Chunk& chunk) { return chunk.points == 0; });
  }
  sum_up(list, points);
  return list;
}

void decode_chunks(const ByteSource& source, const LazSettings& settings,
                   std::span<const Chunk> chunks, const ChunkRange& wanted, const RecordSink& sink,
                   CompressedPoints* kept) {
  const std::size_t count = wanted.end - wanted.begin;
  std::vector<std::size_t> first(count + 1);
  for (std::size_t c = 0; c < count; ++c) {
    first[c + 1] = first[c] + chunks[wanted.begin + c].points;
  }
  if (kept != nullptr) make_room(chunks.subspan(wanted.begin, count), *kept);
  auto pool = decoders_for(settings);
  parallel_each(count, 1, [&](std::size_t c) {
    pool.with_worker([&](DecodingWorker& worker) {
      const Chunk& chunk = chunks[wanted.begin + c];
      if (kept != nullptr) {
        worker.start(source, chunk.start, kept->bytes_of(kept->chunks[c]));
      } else {
        worker.start(source, chunk.start, chunk.bytes);
      }
      const std::uint64_t whole = worker.decode(chunk.points, [&](std::uint64_t at, auto records) {
        if (!records.empty()) sink(first[c] + at, records);
      });
      if (whole < chunk.points) fail_chunk(source, wanted.begin + c, chunks.size());
    });
  });
}

ChunkWriter::ChunkWriter(AtomicFile& file, LazSettings settings, std::uint64_t points_start)
    : file_(file), settings_(std::move(settings)), start_(points_start) {
  const std::string no_offset(kTableOffsetSize, '\0');
  file_.append(no_offset);
}

void ChunkWriter::append(std::size_t points, const Fill& fill, const ReusedLayers& reused) {
  const std::size_t stride = settings_.stride();
  const std::size_t before = waiting_.size() / stride;  // points that wait
  // Records of the points from `begin` on, those that waited first.
  const auto fill_all = [&](std::size_t begin, std::span<std::byte> records, bool reuses) {
    const std::size_t old = begin < before ? std::min(before - begin, records.size() / stride) : 0;
    std::copy_n(waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(begin, before) * stride),
                old * stride, records.begin());
    const auto rest = records.subspan(old * stride);
    if (!rest.empty()) fill(begin + old - before, rest, reuses);
  };
  const std::size_t all = before + points;
  const std::size_t whole = all - all % settings_.chunk_points;
  reused_ = before == 0 ? reused : ReusedLayers{};
  first_waiting_ = whole;
  write_chunks(whole, fill_all, reused_, 0);
  std::vector<std::byte> left((all - whole) * stride);
  if (!left.empty()) fill_all(whole, left, false);
  waiting_ = std::move(left);
}

void ChunkWriter::write_chunks(std::size_t points, const Fill& fill, const ReusedLayers& reused,
                               std::size_t first) {
  struct Worker {
    std::unique_ptr<ChunkEncoder> encoder;
    std::vector<std::byte> records;
  };
  if (points == 0) return;
  const std::size_t stride = settings_.stride();
  const std::size_t held = settings_.chunk_points;
  const std::size_t written = sizes_.size();
  WorkerPool<Worker> pool([&] {
    return std::make_unique<Worker>(Worker{make_encoder(settings_), {}});
  });
  sizes_.resize(written + (points + held - 1) / held);
  write_blocks(file_, points, held, [&](std::size_t begin, std::size_t end, std::string& out) {
    pool.with_worker([&](Worker& worker) {
      const std::vector<KnownLayer> known = reused.of_chunk(first + begin, end - begin);
      worker.records.resize((end - begin) * stride);
      fill(begin, worker.records, !known.empty());
      out.clear();
      worker.encoder->encode(worker.records, known, out);
      sizes_[written + begin / held] = out.size();
    });
  });
}

std::uint64_t ChunkWriter::finish() {
  const std::size_t stride = settings_.stride();
  const auto fill = [&](std::size_t begin, std::span<std::byte> records, bool /*reuses*/) {
    std::copy_n(waiting_.begin() + static_cast<std::ptrdiff_t>(begin * stride), records.size(),
                records.begin());
  };
  write_chunks(waiting_.size() / stride, fill, reused_, first_waiting_);
  waiting_.clear();
  std::uint64_t table = start_ + kTableOffsetSize;
  for (const std::uint64_t size : sizes_) table += size;
  std::array<std::byte, kTableOffsetSize> bytes{};
  store<std::uint64_t>(bytes.data(), table);
  file_.overwrite(start_, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const std::string formatted = format_chunk_table(sizes_);
  file_.append(formatted);
  return table + formatted.size() - start_;
}

}  // namespace ptattn::io::las::laz
