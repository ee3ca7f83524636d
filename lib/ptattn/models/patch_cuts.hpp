#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/sampling/curve.hpp"

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

/// Describes a grid whose curves a network cuts into patches: that of the voxels of a scene, or a
/// coarser one.
struct PatchGrid {
  std::size_t stride = 1;  ///< voxels a side of a cell
  int depth = 1;           ///< bits of a coordinate, for the curves
  std::size_t patch_size = 1;
  std::vector<Curve> curves{};
};

/// Cuts a curve into patches of one size, cell by cell along it, so that neither cells nor codes
/// need to be in memory together.
class PatchCutter {
 public:
  /// @param patch_size  at least 1
  explicit PatchCutter(std::size_t patch_size) : latest_(patch_size) {}

  /// Takes the code of the next cell.
  void add(std::uint64_t code) {
    const std::size_t at = count_++ % latest_.size();
    if (at == 0) order_.begins.push_back(code);
    latest_[at] = code;
  }
  /// Returns the patches: the last one attends to as many cells as a whole one, from the end.
  [[nodiscard]] PatchCuts::Order finish() {
    const std::size_t first = count_ > latest_.size() ? count_ % latest_.size() : 0;
    order_.padding_begin = count_ > 0 ? latest_[first] : 0;
    return order_;
  }

 private:
  std::vector<std::uint64_t> latest_;  ///< the last codes, by their number modulo the patch size
  std::size_t count_ = 0;
  PatchCuts::Order order_;
};

}  // namespace ptattn
