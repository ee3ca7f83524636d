#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/las/laz/chunk_table.hpp"
#include "ptattn/io/las/laz/laz_record.hpp"

namespace ptattn::io::las::laz {

/// Represents the chunks of a LAZ file, by its chunk table or, where that is missing, found one by
/// one.
struct ChunkList {
  std::vector<Chunk> chunks;
  std::uint64_t points = 0;  ///< of all of them
  std::string problem{};     ///< why these are not all points of the file; empty when they are
};

/// Finds the chunks of a file.
/// @param points   as the header claims
/// @param salvage  count the points that are whole, of damaged chunks, too: decodes everything once
/// Claims of more points than so few bytes are likely to hold are checked by decoding, too.
[[nodiscard]] ChunkList find_chunks(const ByteSource& source, const LazSettings& settings,
                                    std::uint64_t points_start, std::uint64_t points, bool salvage);

/// Takes records from the point of that number on.
using RecordSink = std::function<void(std::size_t, std::span<const std::byte>)>;

/// Decodes chunks in parallel, each by blocks of records.
/// @param sink  called with the number of the first point and its records; by many threads
/// @throws Error(Fault::kInput) for a chunk that does not hold its points
void decode_chunks(const ByteSource& source, const LazSettings& settings,
                   std::span<const Chunk> chunks, const RecordSink& sink);

/// Encodes points in chunks of one size, in parallel and in order, and appends chunks and chunk
/// table.
/// @param fill  makes the records of the points from one number on; called by many threads
/// @return      the bytes appended
std::uint64_t encode_chunks(AtomicFile& file, const LazSettings& settings,
                            std::uint64_t points_start, std::size_t points,
                            const std::function<void(std::size_t, std::span<std::byte>)>& fill);

}  // namespace ptattn::io::las::laz
