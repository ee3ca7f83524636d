#pragma once

#include <cstdint>
#include <vector>

namespace ptattn {

/// Tells where a network whose attention acts inside patches of space-filling curves cuts these
/// curves through a scene. A tile of the scene that is cut there has the same patches as the whole,
/// except for those that reach beyond it; cut from its own first voxel on, all of its patches
/// differ.
struct PatchCuts {
  struct Order {
    std::vector<std::uint64_t> begins;  ///< code of the first own voxel of each patch, ascending
    std::uint64_t padding_begin = 0;    ///< of the first voxel that the last patch attends to
  };
  struct Stage {
    int depth = 1;              ///< bits of a coordinate, for the curves
    std::vector<Order> orders;  ///< of the stage's curves, as many as are used
  };
  /// By resolution, the finest first; empty: the network has no patches.
  std::vector<Stage> stages;
};

}  // namespace ptattn
