#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "ptattn/models/patch_cuts.hpp"
#include "ptattn/sampling/curve.hpp"

namespace ptattn {

/// Says where the lists of numbers of the squares of a survey stand in a file, square by square.
struct SquareLists {
  std::filesystem::path path;
  std::vector<std::uint64_t> ends;   ///< numbers before the end of each square's
  std::vector<std::uint64_t> bytes;  ///< of the file before the end of each square's

  [[nodiscard]] std::size_t squares() const { return ends.size(); }
  [[nodiscard]] std::size_t size_of(std::size_t square) const {
    return static_cast<std::size_t>(ends[square] - (square > 0 ? ends[square - 1] : 0));
  }
  [[nodiscard]] std::uint64_t begin_of(std::size_t square) const {
    return square > 0 ? bytes[square - 1] : 0;
  }
};

/// Holds the voxels of the squares of a survey in a file, each square's in lexicographic order.
struct VoxelFile : SquareLists {
  [[nodiscard]] std::size_t voxels_of(std::size_t square) const { return size_of(square); }
};

/// Writes such a file.
/// @param cells_of  the voxels of a square, in lexicographic order, each once; called by many
///                  threads
[[nodiscard]] VoxelFile write_voxels(const std::filesystem::path& path, std::size_t squares,
                                     const std::function<std::vector<Cell>(std::size_t)>& cells_of);

/// Finds the patches of a scene whose voxels do not fit into memory, as PointNetwork::cuts_of does:
/// the codes of each square are sorted and written to a file, and read again in one order.
/// @param grids    of the network, whose cells no square cuts
/// @param turn     a cell as seen from the heading wanted
/// @param scratch  a file to write codes to, which is removed again
/// Time O(n log squares) a curve; memory 4 KiB a square; the same result for any thread count.
[[nodiscard]] PatchCuts find_cuts(const VoxelFile& voxels, std::span<const PatchGrid> grids,
                                  const std::function<Cell(const Cell&)>& turn,
                                  const std::filesystem::path& scratch);

/// Writes patches to a file, and reads them again.
void write_cuts(const std::filesystem::path& path, std::span<const PatchCuts> cuts);
[[nodiscard]] std::vector<PatchCuts> read_cuts(const std::filesystem::path& path);

}  // namespace ptattn
