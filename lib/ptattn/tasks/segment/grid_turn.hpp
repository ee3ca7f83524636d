#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/sampling/curve.hpp"
#include "ptattn/tasks/segment/tiling.hpp"

namespace ptattn {

/// Headings that a scene of voxels can be seen from without voxelising it again.
inline constexpr std::size_t kQuarterTurns = 4;

/// Turns the voxels of a scene about the vertical, counter-clockwise by quarter turns:
///
///   1: (x, y) -> (Y - y, x)    2: (x, y) -> (X - x, Y - y)    3: (x, y) -> (y, X - x)
///
/// No point changes its voxel. X and Y are the scene's extents in whole units of the alignment, so
/// that voxels which a network pools stay together. Channels of x and y (position, offset, normal)
/// turn along; the others stay as they are.
class GridTurn {
 public:
  /// @param scene      the box of all its cells
  /// @param quarters   0 to 3
  /// @param alignment  in voxels
  /// @param subject    what error messages call the model
  /// @throws Error(Fault::kModel) where x and y change places and the profile has a channel of one
  ///         of them without that of the other
  GridTurn(const TileBox& scene, const SceneProfile& profile, std::size_t quarters,
           std::uint32_t alignment, std::string_view subject);

  [[nodiscard]] std::size_t quarters() const { return quarters_; }
  [[nodiscard]] Cell operator()(const Cell& cell) const;
  /// Turns cell by cell.
  [[nodiscard]] std::vector<Cell> operator()(std::span<const Cell> cells) const;
  /// @param rows  [n, 3] from the scene's origin, in the unit of the voxel's edge; turned in place
  void turn_positions(MutableMatrixView rows) const { apply(position_moves_, rows); }
  /// @param rows  [n, channels of the profile], turned in place
  void turn_channels(MutableMatrixView rows) const { apply(channel_moves_, rows); }

 private:
  /// Describes a column: `to` becomes shift + sign * column `from`.
  struct Move {
    std::size_t to;
    std::size_t from;
    float sign;
    float shift;
  };

  static void apply(std::span<const Move> moves, MutableMatrixView rows);
  void add_moves(const SceneProfile& profile, ChannelKind kind, std::string_view subject);

  std::size_t quarters_;
  std::array<std::size_t, 2> from_;      ///< the axis that becomes x, and y
  std::array<bool, 2> backwards_;        ///< whether it runs the other way
  std::array<std::uint32_t, 2> extent_;  ///< of x and y before, in voxels
  std::vector<Move> position_moves_;
  std::vector<Move> channel_moves_;
};

}  // namespace ptattn
