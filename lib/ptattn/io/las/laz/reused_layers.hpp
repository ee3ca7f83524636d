#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ptattn/io/las/laz/chunk_codec.hpp"
#include "ptattn/io/las/laz/compressed_points.hpp"

namespace ptattn::io::las::laz {

/// Says which layers of chunks to be written are those of other chunks, byte for byte.
struct ReusedLayers {
  static constexpr std::size_t kCoded = SIZE_MAX;

  std::shared_ptr<const CompressedPoints> from{};  ///< nullptr: none
  std::vector<std::size_t> source{};               ///< one a layer: its number in `from`, or kCoded

  /// Returns the layers of a chunk of these points; empty where no chunk has the same ones. Valid
  /// as long as `from`.
  /// Time O(log chunks + layers).
  [[nodiscard]] std::vector<KnownLayer> of_chunk(std::size_t first, std::size_t points) const;
};

}  // namespace ptattn::io::las::laz
