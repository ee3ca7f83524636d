#include "ptattn/survey/survey_labels.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/survey/survey_pieces.hpp"
#include "ptattn/tasks/segment/point_certainty.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPointsPerTask = 16384;
constexpr std::size_t kFewestRecords = 64;
constexpr std::size_t kMostRecords = 16384;
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

SurveyLabels::SurveyLabels(const SurveyPlan& plan, const SurveyFolder& folder, std::size_t memory)
    : plan_(plan), folder_(folder), cursors_(plan.grid.size()) {
  for (std::size_t t = 0; t < plan.tiles.size(); ++t) {
    const TileLabels labels = read_tile_labels(folder.labels(t));
    const TileSummary& of_tile = labels.summary;
    if (of_tile.points != plan.tiles[t].points || (t > 0 && of_tile.classes != summary_.classes)) {
      throw Error(Fault::kInput, folder.labels(t).string(), "holds labels of another survey");
    }
    summary_.classes = of_tile.classes;
    summary_.points += of_tile.points;
    summary_.voxels += of_tile.voxels;
    summary_.parts += of_tile.parts;
    summary_.confidence += of_tile.confidence;
    summary_.unsure += of_tile.unsure;
    summary_.distance += of_tile.distance;
    summary_.sampled += of_tile.sampled;
    stride_ = label_bytes(of_tile.classes);
    std::uint64_t offset = labels.begin;
    for (const SquarePoints& square : labels.squares) {
      if (square.square >= cursors_.size()) fail_other_cloud();
      Cursor& cursor = cursors_[square.square];
      cursor.tile = static_cast<std::uint32_t>(t);
      cursor.offset = offset;
      cursor.left = square.points;
      offset += square.points * stride_;
    }
  }
  const std::size_t fitting =
      memory / (std::max<std::size_t>(1, cursors_.size()) * std::max<std::size_t>(1, stride_));
  most_ = std::clamp(fitting, kFewestRecords, kMostRecords);
}

const std::byte* SurveyLabels::next_record(Cursor& cursor) {
  if (cursor.next == cursor.at_hand.size()) {
    const auto records = static_cast<std::size_t>(std::min<std::uint64_t>(most_, cursor.left));
    if (records == 0) fail_other_cloud();
    cursor.at_hand.resize(records * stride_);
    io::ByteSource(folder_.labels(cursor.tile)).read(cursor.offset, cursor.at_hand);
    cursor.offset += cursor.at_hand.size();
    cursor.left -= records;
    cursor.next = 0;
  }
  const std::byte* const record = cursor.at_hand.data() + cursor.next;
  cursor.next += stride_;
  return record;
}

Segmentation SurveyLabels::next(PointCloud& piece) {
  Segmentation result;
  result.valid.assign(piece.size(), false);
  allocate_results(piece.size(), summary_.classes, result);
  const FrameChange framed(piece, plan_.frame);
  const RawVector<Position> positions = piece.positions();
  const std::vector<std::uint32_t> squares = squares_of(positions, plan_);
  const double middle = plan_.grid.box.origin[2] + plan_.grid.box.extent[2] / 2.0;
  for (std::size_t i = 0; i < squares.size(); ++i) {
    if (squares[i] == kStray) {
      result.strays.push_back(static_cast<std::uint32_t>(i));
      if (positions[i][2] > middle) result.high_strays.push_back(static_cast<std::uint32_t>(i));
    } else if (squares[i] != kNone) {
      if (squares[i] >= cursors_.size()) fail_other_cloud();
      take_record(next_record(cursors_[squares[i]]), i, result);
      result.valid[i] = true;
    }
  }
  return result;
}

void SurveyLabels::fail_other_cloud() const {
  throw Error(Fault::kInput, folder_.path().string(),
              "was planned for another cloud, remove it and begin again");
}

}  // namespace ptattn
