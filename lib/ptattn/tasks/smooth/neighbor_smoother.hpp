#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "ptattn/cloud/types.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/neighbors/kd_tree.hpp"
#include "ptattn/nn/pooling/bandwidth.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"
#include "ptattn/tasks/progress.hpp"
#include "ptattn/tasks/smooth/smooth_surface.hpp"

namespace ptattn {

/// Smooths what points hold over their neighbourhoods, with one bandwidth: what averages and votes
/// have in common.
class NeighborSmoother {
 public:
  /// Asks for the new values of consecutive points.
  struct Block {
    std::size_t first;        ///< of these points
    MatrixView queries;       ///< these points
    const IndexTable& lists;  ///< the neighbours of each
    MatrixView points;        ///< all, which neighbours are rows of
    KernelPooling pooling;    ///< the weight of a neighbour
  };

  /// @param rows  of `positions`: the points that hold something, two or more
  NeighborSmoother(std::span<const Position> positions, std::span<const std::size_t> rows,
                   const SmoothOptions& options);

  /// Chooses the bandwidth: the one given, or the one of the least mean squared error by
  /// leave-one-out over at most 4096 evenly spread points.
  /// @param values  [rows, c]
  BandwidthFit choose_bandwidth(MatrixView values);

  /// Calls `body` with all points, block by block, as often as the options say; `after_pass`, when
  /// each pass is done.
  void run(const std::function<void(const Block&)>& body, const std::function<void()>& after_pass,
           const ProgressCallback& progress) const;

 private:
  const SmoothOptions& options_;
  Matrix points_;  // [rows, 3], relative to their middle
  KdTree tree_;
  float bandwidth_ = 0.0F;
};

}  // namespace ptattn
