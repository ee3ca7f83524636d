#include "ptattn/tasks/segment/grid_turn.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/scene/voxels.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kRowsPerTask = 4096;
constexpr std::size_t kMostMoves = 6;  // two axes, three kinds of channels

std::optional<std::size_t> column_of(const SceneProfile& profile, const Channel& channel) {
  const auto found = std::ranges::find(profile.channels, channel);
  if (found == profile.channels.end()) return std::nullopt;
  return static_cast<std::size_t>(found - profile.channels.begin());
}

}  // namespace

GridTurn::GridTurn(const TileBox& scene, const SceneProfile& profile, std::size_t quarters,
                   std::uint32_t alignment, std::string_view subject)
    : quarters_(quarters),
      from_{quarters % 2, 1 - quarters % 2},
      backwards_{quarters == 1 || quarters == 2, quarters == 2 || quarters == 3},
      extent_(scene.high) {
  assert(quarters < kQuarterTurns);
  for (std::size_t axis = 0; axis < 2; ++axis) {
    // Scenes of the largest extent have no voxels left for whole units.
    const std::uint32_t whole = (extent_[axis] + alignment - 1) / alignment * alignment;
    if (whole < kMaxVoxelsAcross) extent_[axis] = whole;
  }
  const auto width = [&](std::size_t axis) {
    return static_cast<float>(profile.voxel * extent_[from_[axis]]);
  };
  for (std::size_t axis = 0; axis < 2; ++axis) {
    position_moves_.push_back({axis, from_[axis], backwards_[axis] ? -1.0F : 1.0F,
                               backwards_[axis] ? width(axis) : 0.0F});
  }
  for (const ChannelKind kind :
       {ChannelKind::kPosition, ChannelKind::kOffset, ChannelKind::kNormal}) {
    add_moves(profile, kind, subject);
  }
}

void GridTurn::add_moves(const SceneProfile& profile, ChannelKind kind, std::string_view subject) {
  const bool shifts = kind == ChannelKind::kPosition && profile.origin == Origin::kMinimum;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const auto to = column_of(profile, {kind, axis});
    const auto from = column_of(profile, {kind, from_[axis]});
    if (to.has_value() != from.has_value()) {
      throw Error(
          Fault::kModel, subject,
          "has a channel of x or y without its counterpart, so clouds cannot be turned for it");
    }
    if (!to) continue;
    Move move = position_moves_[axis];
    channel_moves_.push_back({*to, *from, move.sign, shifts ? move.shift : 0.0F});
  }
}

Cell GridTurn::operator()(const Cell& cell) const {
  Cell turned = cell;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::size_t from = from_[axis];
    turned[axis] = backwards_[axis] ? extent_[from] - 1 - cell[from] : cell[from];
  }
  return turned;
}

std::vector<Cell> GridTurn::operator()(std::span<const Cell> cells) const {
  std::vector<Cell> turned(cells.size());
  parallel_each(cells.size(), kRowsPerTask, [&](std::size_t i) { turned[i] = (*this)(cells[i]); });
  return turned;
}

void GridTurn::apply(std::span<const Move> moves, MutableMatrixView rows) {
  assert(moves.size() <= kMostMoves);
  parallel_each(rows.rows, kRowsPerTask, [&](std::size_t i) {
    float* row = rows.row(i);
    std::array<float, kMostMoves> turned{};
    for (std::size_t m = 0; m < moves.size(); ++m) {
      turned[m] = moves[m].shift + moves[m].sign * row[moves[m].from];
    }
    for (std::size_t m = 0; m < moves.size(); ++m) row[moves[m].to] = turned[m];
  });
}

}  // namespace ptattn
