#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/las/laz/laz_record.hpp"

namespace ptattn::io::las::laz {

/// Represents a chunk of compressed points.
struct Chunk {
  std::uint64_t start = 0;  ///< in the file
  std::uint64_t bytes = 0;
  std::uint64_t points = 0;

  bool operator==(const Chunk&) const = default;
};

/// Bytes before the first chunk: where the chunk table is.
inline constexpr std::uint64_t kTableOffsetSize = 8;

/// Reads the chunk table, which stands behind the chunks, or whose offset is in the last bytes
/// of the file when its writer could not go back.
/// @param points_start  offset of the compressed points
/// @param points        of the whole file
/// @return              the chunks, whose points add up; nothing where there is no table, or none
///                      that fits the file
[[nodiscard]] std::optional<std::vector<Chunk>> read_chunk_table(const ByteSource& source,
                                                                 const LazSettings& settings,
                                                                 std::uint64_t points_start,
                                                                 std::uint64_t points);

/// Finds the chunks of layers one behind the other, by the sizes that each begins with. It ends
/// before the first one that is not whole; with `salvage` that one is taken, too.
[[nodiscard]] std::vector<Chunk> find_layered_chunks(const ByteSource& source,
                                                     const LazSettings& settings,
                                                     std::uint64_t start, std::uint64_t points,
                                                     bool salvage);

/// Returns the bytes of the table of chunks of one size.
[[nodiscard]] std::string format_chunk_table(std::span<const std::uint64_t> bytes);

}  // namespace ptattn::io::las::laz
