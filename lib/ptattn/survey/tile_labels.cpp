#include "ptattn/survey/tile_labels.hpp"

#include <algorithm>
#include <cstring>

#include "ptattn/survey/binary_file.hpp"

namespace ptattn {
namespace {

constexpr std::uint64_t kMark = 0x31'4c'45'42'41'4c'54'50;  // "PTLABEL1"
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

void write_tile_labels(const std::filesystem::path& path, const TileSummary& summary,
                       std::span<const SquarePoints> squares, const Segmentation& result) {
  BinaryWriter out(path);
  out.put(kMark);
  out.put(summary);
  out.put(squares);
  const std::size_t stride = label_bytes(summary.classes);
  std::vector<std::byte> records;
  for (std::size_t begin = 0; begin < summary.points; begin += kPointsAtATime) {
    const std::size_t count = std::min<std::size_t>(kPointsAtATime, summary.points - begin);
    records.resize(count * stride);
    for (std::size_t i = 0; i < count; ++i) {
      put_record(records.data() + i * stride, begin + i, result);
    }
    out.append(std::span<const std::byte>(records));
  }
  out.commit();
}

TileLabels read_tile_labels(const std::filesystem::path& path) {
  BinaryReader in(path);
  TileLabels labels;
  if (in.get<std::uint64_t>() != kMark) in.source().fail("is no file of labels");
  labels.summary = in.get<TileSummary>();
  labels.squares = in.list<SquarePoints>();
  labels.begin = in.offset();
  std::uint64_t points = 0;
  for (const SquarePoints& square : labels.squares) points += square.points;
  const std::uint64_t records = io::saturated_product(points, label_bytes(labels.summary.classes));
  if (points != labels.summary.points || records != in.source().size() - labels.begin) {
    in.source().fail("does not hold the labels that it says");
  }
  return labels;
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
