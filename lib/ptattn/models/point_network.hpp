#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/patch_cuts.hpp"
#include "ptattn/models/trace.hpp"
#include "ptattn/sampling/curve.hpp"

namespace ptattn {

/// Holds what a network over points sees: the points (or voxels) of one cloud or of several, one
/// cloud after the other.
struct PointInput {
  MatrixView positions;                 ///< [n, 3], in the unit of the model's profile
  MatrixView features;                  ///< [n, in_channels()]
  std::span<const std::int32_t> grid;   ///< [n, 3] row-major, >= 0: the voxel of each point; empty
                                        ///< for networks that do not voxelise
  std::span<const std::size_t> ends;    ///< row behind the last of each cloud; empty: one cloud
  std::optional<std::size_t> category;  ///< of the object, for networks that label its parts
  const PatchCuts* cuts = nullptr;      ///< of the scene that this one cloud is a tile of, whose
                                        ///< cells `grid` tells; null: the cloud is a whole
};

/// Holds what it makes of them.
struct PointOutput {
  Matrix values;     ///< [m, out_channels()] class scores before softmax, or features
  Matrix positions;  ///< [m, 3] where they belong; empty: row i belongs to input point i
};

/// Represents a network that says something about every point: its class, or features. Immutable;
/// `forward` is safe from many threads.
class PointNetwork {
 public:
  virtual ~PointNetwork() = default;
  [[nodiscard]] virtual std::size_t in_channels() const = 0;
  [[nodiscard]] virtual std::size_t out_channels() const = 0;
  /// Returns true when the rows of the output are scores of classes, one row an input point.
  [[nodiscard]] virtual bool labels_points() const = 0;
  [[nodiscard]] virtual bool needs_grid() const { return false; }
  /// Returns the object categories that PointInput::category chooses from; 0: it is not used.
  [[nodiscard]] virtual std::size_t category_count() const { return 0; }
  /// Returns about how many bytes `forward` takes for each point of a large cloud, beside the
  /// weights.
  [[nodiscard]] virtual std::size_t bytes_per_point() const { return 4096; }
  /// Returns the most voxels that `forward` should get at a time: more would take too long, where
  /// time grows faster than their number, or give other results than networks were trained for.
  [[nodiscard]] virtual std::size_t most_voxels() const { return std::size_t{1} << 20U; }
  /// Returns the edge, in voxels, of cells that tiles of a scene must not cut; powers of two up to
  /// 16 are never cut.
  [[nodiscard]] virtual std::uint32_t cell_edge() const { return 1; }
  /// Returns the layers whose attention weights a Trace can listen to, in the order of the forward
  /// pass.
  [[nodiscard]] virtual std::vector<AttentionLayer> attention_layers() const { return {}; }
  /// Returns the patches of a scene, for PointInput::cuts of its tiles.
  /// @param cells  of all voxels of the scene, each once
  /// Time O(n log n), memory some 40 bytes a voxel; the same result for any thread count.
  [[nodiscard]] virtual PatchCuts cuts_of(std::span<const Cell> /*cells*/) const { return {}; }
  /// Returns the grids whose patches cuts_of finds, stage by stage, the finest first; empty for
  /// networks without patches.
  /// @param largest  the largest x, y and z of the cells of the scene
  [[nodiscard]] virtual std::vector<PatchGrid> patch_grids(const Cell& /*largest*/) const {
    return {};
  }
  /// @throws Error(Fault::kUsage) when the input is not as said
  [[nodiscard]] virtual PointOutput forward(const PointInput& input,
                                            const Trace& trace = {}) const = 0;
};

}  // namespace ptattn
