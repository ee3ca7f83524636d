#include "ptattn/survey/tile_labels.hpp"

#include <algorithm>
#include <cstring>

#include "ptattn/survey/binary_file.hpp"

namespace ptattn {
namespace {

constexpr std::uint64_t kMark = 0x32'4c'45'42'41'4c'54'50;  // "PTLABEL2"
constexpr std::size_t kPointsAtATime = 65536;

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

void write_tile(const std::filesystem::path& path, const TileSummary& summary,
                std::span<const SquarePoints> squares,
                const std::function<void(std::size_t point, std::byte* record)>& put) {
  BinaryWriter out(path);
  out.put(kMark);
  out.put(summary);
  out.put(squares);
  std::vector<std::byte> records;
  for (std::size_t begin = 0; begin < summary.points; begin += kPointsAtATime) {
    const std::size_t count = std::min<std::size_t>(kPointsAtATime, summary.points - begin);
    records.resize(count * summary.record);
    for (std::size_t i = 0; i < count; ++i) put(begin + i, records.data() + i * summary.record);
    out.append(std::span<const std::byte>(records));
  }
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
  for (const SquarePoints& square : tile.squares) points += square.points;
  const std::uint64_t records = io::saturated_product(points, tile.summary.record);
  if (points != tile.summary.points || records != in.source().size() - tile.begin) {
    in.source().fail("does not hold what it says about the points of its tile");
  }
  return tile;
}

void write_tile_labels(const std::filesystem::path& path, TileSummary summary,
                       std::span<const SquarePoints> squares, const Segmentation& result) {
  summary.record = label_bytes(summary.classes);
  write_tile(path, summary, squares,
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
