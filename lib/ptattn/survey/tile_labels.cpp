#include "ptattn/survey/tile_labels.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/pipeline.hpp"
#include "ptattn/survey/binary_file.hpp"

namespace ptattn {
namespace {

constexpr std::uint64_t kMark = 0x33'4c'45'42'41'4c'54'50;      // "PTLABEL3"
constexpr std::uint64_t kMostRecord = std::uint64_t{1} << 20U;  // bytes
constexpr std::size_t kWord = sizeof(std::uint32_t);

/// Squares under way at a time; each has its packed records in memory.
std::size_t squares_at_a_time() {
  return static_cast<std::size_t>(2 * thread_count());
}

/// Points of a tile that belong to one of its squares.
struct PointsOfSquare {
  std::size_t first = 0;
  std::size_t points = 0;
};

/// The packed records of a square.
std::string packed(const PointsOfSquare& of, std::size_t record,
                   const std::function<void(std::size_t point, std::byte* record)>& put) {
  std::string out;
  std::vector<std::byte> records;
  for (std::size_t begin = 0; begin < of.points; begin += kRecordsOfBlock) {
    const std::size_t count = std::min(kRecordsOfBlock, of.points - begin);
    records.resize(count * record);
    for (std::size_t i = 0; i < count; ++i) {
      put(of.first + begin + i, records.data() + i * record);
    }
    pack_block(records, record, out);
  }
  return out;
}

void put_record(std::byte* to, std::size_t point, const Segmentation& result) {
  std::memcpy(to, &result.labels[point], 4);
  std::memcpy(to + 4, &result.confidence[point], 4);
  std::memcpy(to + 8, &result.entropy[point], 4);
  std::memcpy(to + 12, &result.margin[point], 4);
  const std::size_t classes = result.probabilities.cols();
  if (classes > 0) std::memcpy(to + 16, result.probabilities.row(point), 4 * classes);
}

}  // namespace

void TileSummary::add(const TileSummary& other) {
  record = other.record;
  classes = other.classes;
  points += other.points;
  voxels += other.voxels;
  parts += other.parts;
  confidence += other.confidence;
  unsure += other.unsure;
  distance += other.distance;
  sampled += other.sampled;
  lonely += other.lonely;
}

void pack_block(std::span<const std::byte> records, std::size_t record, std::string& out) {
  std::array<std::uint64_t, kRecordsOfBlock> memory;
  const auto numbers = std::span(memory).first(records.size() / record);
  for (std::size_t column = 0; column < record; column += kWord) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      std::uint32_t word = 0;
      std::memcpy(&word, records.data() + i * record + column, kWord);
      numbers[i] = word;
    }
    pack_numbers(numbers, out);
  }
}

std::size_t unpack_block(std::span<const std::byte> bytes, std::size_t record,
                         std::span<std::byte> records) {
  std::array<std::uint64_t, kRecordsOfBlock> memory;
  const auto numbers = std::span(memory).first(records.size() / record);
  std::size_t taken = 0;
  for (std::size_t column = 0; column < record; column += kWord) {
    const std::size_t packed = unpack_numbers(bytes.subspan(taken), numbers);
    if (packed == 0) return 0;
    taken += packed;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto word = static_cast<std::uint32_t>(numbers[i]);
      std::memcpy(records.data() + i * record + column, &word, kWord);
    }
  }
  return taken;
}

void write_tile(const std::filesystem::path& path, const TileSummary& summary,
                std::vector<SquarePoints> squares,
                const std::function<void(std::size_t point, std::byte* record)>& put) {
  BinaryWriter out(path);
  out.put(kMark);
  out.put(summary);
  out.put(std::span<const SquarePoints>(squares));
  const std::uint64_t begin = out.size();
  std::size_t next = 0;
  std::size_t first = 0;  // point of the next square
  const auto take = [&]() -> std::optional<PointsOfSquare> {
    if (next == squares.size()) return std::nullopt;
    const auto points = static_cast<std::size_t>(squares[next++].points);
    return PointsOfSquare{std::exchange(first, first + points), points};
  };
  const auto pack = [&](const PointsOfSquare& of) { return packed(of, summary.record, put); };
  std::size_t done = 0;
  ordered_pipeline(squares_at_a_time(), take, pack, [&](const std::string& bytes) {
    squares[done++].bytes = bytes.size();
    out.append(std::span<const char>(bytes));
  });
  out.overwrite(begin - squares.size() * sizeof(SquarePoints),
                std::span<const SquarePoints>(squares));
  out.commit();
}

TileRecords read_tile(const std::filesystem::path& path) {
  BinaryReader in(path);
  TileRecords tile;
  if (in.get<std::uint64_t>() != kMark) in.source().fail("is no file of a tile of a survey");
  tile.summary = in.get<TileSummary>();
  tile.squares = in.list<SquarePoints>();
  tile.begin = in.offset();
  std::uint64_t points = 0;
  std::uint64_t bytes = 0;
  const std::uint64_t there = in.source().size() - tile.begin;
  for (const SquarePoints& square : tile.squares) {
    points += square.points;
    bytes += std::min(square.bytes, there + 1);
  }
  const bool has_record = tile.summary.record > 0 && tile.summary.record % kWord == 0 &&
                          tile.summary.record <= kMostRecord;
  if (points != tile.summary.points || bytes != there || (points > 0 && !has_record)) {
    in.source().fail("does not hold what it says about the points of its tile");
  }
  return tile;
}

void write_tile_labels(const std::filesystem::path& path, TileSummary summary,
                       std::vector<SquarePoints> squares, const Segmentation& result) {
  summary.record = label_bytes(summary.classes);
  write_tile(path, summary, std::move(squares),
             [&](std::size_t point, std::byte* record) { put_record(record, point, result); });
}

void take_record(const std::byte* record, std::size_t point, Segmentation& result) {
  std::memcpy(&result.labels[point], record, 4);
  std::memcpy(&result.confidence[point], record + 4, 4);
  std::memcpy(&result.entropy[point], record + 8, 4);
  std::memcpy(&result.margin[point], record + 12, 4);
  const std::size_t classes = result.probabilities.cols();
  if (classes > 0) std::memcpy(result.probabilities.row(point), record + 16, 4 * classes);
}

}  // namespace ptattn
