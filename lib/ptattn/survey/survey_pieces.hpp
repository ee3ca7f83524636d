#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/frame_change.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/survey/sort_points.hpp"

namespace ptattn {

/// The points of a piece of a survey: few enough to take little memory, enough for all threads.
inline constexpr std::size_t kPiecePoints = std::size_t{1} << 18U;

/// Represents a piece of a cloud in its frame: z upwards, in metres.
struct FramedPiece {
  const PointCloud& cloud;
  const RawVector<Position>& positions;  ///< of all its points
};

/// Returns a point as FrameChange makes it.
[[nodiscard]] inline Position in_frame(const Position& p, const CloudFrame& frame) {
  if (frame.is_usual()) return p;
  Position turned = upright(p, frame.up);
  for (double& x : turned) x *= frame.metres;
  return turned;
}

/// Returns what finite_points says of a point.
[[nodiscard]] inline bool is_finite(const Position& p) {
  return std::ranges::all_of(p, [](double x) { return std::abs(x) <= kLargestCoordinate; });
}

/// Returns false for points that are not finite, and for stray ones.
[[nodiscard]] inline bool belongs_to_scene(const Position& p, const StrayRule& strays) {
  return is_finite(p) && !strays.is_stray(p);
}

/// Reads a cloud from its first point on and calls `body(FramedPiece)` with its pieces in order.
template <class Body>
void for_each_piece(CloudStream& stream, const CloudFrame& frame, std::string_view what,
                    const SurveyProgress& progress, const Body& body) {
  const auto all = static_cast<std::size_t>(stream.shape().size());
  std::size_t done = 0;
  stream.rewind();
  for (PointCloud piece = stream.next(kPiecePoints); !piece.empty();
       piece = stream.next(kPiecePoints)) {
    if (progress) progress(what, done, all);
    done += piece.size();
    const FrameChange framed(piece, frame);
    const RawVector<Position> positions = piece.positions();
    body(FramedPiece{piece, positions});
  }
}

/// Gathers the coordinates of some points of a cloud, in the types that they have there.
class SampleTaker {
 public:
  explicit SampleTaker(const PointCloud& head) : head_(head) {}

  void add(const PointCloud& piece, std::span<const std::size_t> rows) {
    const FieldTriple axes = find_coordinates(piece);
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      const std::size_t bytes = axes[axis]->bytes_per_point();
      for (const std::size_t row : rows) {
        const auto value = axes[axis]->bytes().subspan(row * bytes, bytes);
        values_[axis].insert(values_[axis].end(), value.begin(), value.end());
      }
    }
    points_ += rows.size();
  }
  [[nodiscard]] PointCloud finish() const {
    PointCloud sample(points_);
    sample.set_name(head_.name());
    sample.metadata() = head_.metadata();
    const FieldTriple axes = find_coordinates(head_);
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      Field& field = sample.add(axes[axis]->name(), axes[axis]->type());
      std::ranges::copy(values_[axis], field.bytes().begin());
    }
    return sample;
  }

 private:
  const PointCloud& head_;
  std::array<std::vector<std::byte>, 3> values_;
  std::size_t points_ = 0;
};

}  // namespace ptattn
