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
#include "ptattn/io/las/laz/reused_layers.hpp"

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

/// Names some chunks of a file: from `begin` on, before `end`.
struct ChunkRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Decodes chunks in parallel, each by blocks of records.
/// @param chunks  all chunks of the file
/// @param wanted  those to decode
/// @param sink    called with the number of the first point, counted from the first of the chunks
///                that are wanted, and its records; by many threads
/// @param kept    gets their compressed bytes where it is not nullptr: its `chunks` and `bytes`
/// @throws Error(Fault::kInput) for a chunk that does not hold its points
void decode_chunks(const ByteSource& source, const LazSettings& settings,
                   std::span<const Chunk> chunks, const ChunkRange& wanted, const RecordSink& sink,
                   CompressedPoints* kept = nullptr);

/// Encodes points in chunks of one size, in parallel and in order, and appends them to a file,
/// behind them the chunk table.
class ChunkWriter {
 public:
  /// Makes the records of points from one number on; called by many threads. When the last argument
  /// is true, layers of them are reused, whose values only the first record needs.
  using Fill = std::function<void(std::size_t, std::span<std::byte>, bool)>;

  /// @param file  stands at the first byte of the points, and outlives this
  ChunkWriter(AtomicFile& file, LazSettings settings, std::uint64_t points_start);

  /// Appends more points: whole chunks are written, what is over waits for others.
  /// @param fill    makes records of these points, numbered from 0
  /// @param reused  layers of them that need not be coded, used where chunks begin with a point of
  ///                these
  void append(std::size_t points, const Fill& fill, const ReusedLayers& reused = {});
  /// Ends the last chunk and appends the table.
  /// @return  the bytes of all of it
  std::uint64_t finish();

 private:
  /// @param first  point of `reused`, where there is one, that the first chunk begins with
  void write_chunks(std::size_t points, const Fill& fill, const ReusedLayers& reused,
                    std::size_t first);

  AtomicFile& file_;
  LazSettings settings_;
  std::uint64_t start_;
  std::vector<std::uint64_t> sizes_;  ///< bytes of the chunks
  std::vector<std::byte> waiting_;    ///< records of the points that are no chunk yet
  ReusedLayers reused_{};             ///< of those
  std::size_t first_waiting_ = 0;     ///< point of `reused_`
};

}  // namespace ptattn::io::las::laz
