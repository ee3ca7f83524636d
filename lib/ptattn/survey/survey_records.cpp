#include "ptattn/survey/survey_records.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/survey/survey_pieces.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPointsPerTask = 16384;
constexpr std::size_t kMostBlocks = 64;  // of a square at hand
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kStray = kNone - 1;

/// The square of each point of a piece, or what is wrong with it.
std::vector<std::uint32_t> squares_of(const RawVector<Position>& positions,
                                      const SurveyPlan& plan) {
  std::vector<std::uint32_t> squares(positions.size());
  parallel_each(positions.size(), kPointsPerTask, [&](std::size_t i) {
    const Position& p = positions[i];
    if (!is_finite(p)) {
      squares[i] = kNone;
    } else {
      squares[i] = plan.strays.is_stray(p) ? kStray : plan.grid.square_of(p);
    }
  });
  return squares;
}

}  // namespace

SurveyRecords::SurveyRecords(const SurveyPlan& plan, const SurveyFolder& folder, std::size_t memory)
    : plan_(plan), folder_(folder), cursors_(plan.grid.size()) {
  for (std::size_t t = 0; t < plan.tiles.size(); ++t) {
    const TileRecords tile = read_tile(folder.labels(t));
    const std::uint64_t record = tile.summary.record;
    if (tile.summary.points != plan.tiles[t].points || (t > 0 && record != summary_.record)) {
      throw Error(Fault::kInput, folder.labels(t).string(), "is of another survey");
    }
    summary_.add(tile.summary);
    std::uint64_t offset = tile.begin;
    for (const SquarePoints& square : tile.squares) {
      if (square.square >= cursors_.size()) fail_other_cloud();
      Cursor& cursor = cursors_[square.square];
      cursor.tile = static_cast<std::uint32_t>(t);
      cursor.begin = offset;
      cursor.bytes = square.bytes;
      cursor.points = square.points;
      offset += square.bytes;
    }
  }
  const std::size_t fitting = memory / std::max<std::size_t>(1, cursors_.size());
  const std::size_t block = most_block_bytes(static_cast<std::size_t>(summary_.record));
  const std::size_t unpacked = kRecordsOfBlock * static_cast<std::size_t>(summary_.record);
  window_ = std::clamp(fitting - std::min(fitting, unpacked), block, kMostBlocks * block);
}

/// Reads packed records until a whole block is at hand.
void SurveyRecords::read_more(Cursor& cursor) const {
  cursor.packed.erase(cursor.packed.begin(),
                      cursor.packed.begin() + static_cast<std::ptrdiff_t>(cursor.taken));
  cursor.taken = 0;
  const std::size_t begin = cursor.packed.size();
  const auto bytes = static_cast<std::size_t>(
      std::min<std::uint64_t>(window_ - begin, cursor.bytes - cursor.read));
  cursor.packed.resize(begin + bytes);
  io::ByteSource(folder_.labels(cursor.tile))
      .read(cursor.begin + cursor.read, std::span(cursor.packed).subspan(begin));
  cursor.read += bytes;
}

void SurveyRecords::unpack_next(Cursor& cursor) const {
  const auto record = static_cast<std::size_t>(summary_.record);
  const std::uint64_t left = cursor.points - cursor.unpacked;
  if (left == 0) fail_other_cloud();
  if (cursor.packed.size() - cursor.taken < most_block_bytes(record) &&
      cursor.read < cursor.bytes) {
    read_more(cursor);
  }
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kRecordsOfBlock, left));
  cursor.records.resize(count * record);
  const std::size_t taken =
      unpack_block(std::span(cursor.packed).subspan(cursor.taken), record, cursor.records);
  if (taken == 0) {
    throw Error(Fault::kInput, folder_.labels(cursor.tile).string(), "is damaged");
  }
  cursor.taken += taken;
  cursor.unpacked += count;
  cursor.next = 0;
}

const std::byte* SurveyRecords::next_record(Cursor& cursor) {
  if (cursor.next == cursor.records.size()) unpack_next(cursor);
  const std::byte* const record = cursor.records.data() + cursor.next;
  cursor.next += summary_.record;
  return record;
}

void SurveyRecords::next(PointCloud& piece, const Listener& listener) {
  const FrameChange framed(piece, plan_.frame);
  const RawVector<Position> positions = piece.positions();
  const std::vector<std::uint32_t> squares = squares_of(positions, plan_);
  const double middle = plan_.grid.box.origin[2] + plan_.grid.box.extent[2] / 2.0;
  for (std::size_t i = 0; i < squares.size(); ++i) {
    if (squares[i] == kStray) {
      if (listener.stray) listener.stray(i, positions[i][2] > middle);
    } else if (squares[i] != kNone) {
      if (squares[i] >= cursors_.size()) fail_other_cloud();
      listener.record(i, next_record(cursors_[squares[i]]));
    }
  }
}

void SurveyRecords::rewind() {
  for (Cursor& cursor : cursors_) {
    cursor.read = cursor.unpacked = 0;
    cursor.packed.clear();
    cursor.records.clear();
    cursor.taken = cursor.next = 0;
  }
}

void SurveyRecords::fail_other_cloud() const {
  throw Error(Fault::kInput, folder_.path().string(),
              "was planned for another cloud, remove it and begin again");
}

}  // namespace ptattn
