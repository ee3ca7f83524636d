#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ptattn/survey/packed_numbers.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn {

/// Holds the points of one square of a tile.
struct SquarePoints {
  std::uint32_t square = 0;
  std::uint32_t unused = 0;
  std::uint64_t points = 0;
  std::uint64_t bytes = 0;  ///< of their records in the file of the tile, packed
};

/// Holds what a tile adds to what is said about the whole.
struct TileSummary {
  std::uint64_t points = 0;
  std::uint64_t record = 0;   ///< bytes of each point's record
  std::uint64_t classes = 0;  ///< whose probabilities are kept; 0: none
  std::uint64_t voxels = 0;
  std::uint64_t parts = 0;  ///< tiles that the network saw
  double confidence = 0.0;  ///< sum
  double unsure = 0.0;      ///< points
  double distance = 0.0;    ///< sum over the voxels sampled
  std::uint64_t sampled = 0;
  std::uint64_t lonely = 0;  ///< points whose features are all zero

  /// Adds the sums of another tile of the same kinds of records.
  void add(const TileSummary& other);
};

/// Records of a square that are packed together.
inline constexpr std::size_t kRecordsOfBlock = 256;

/// Packs records of a multiple of 4 bytes, at most kRecordsOfBlock of them.
void pack_block(std::span<const std::byte> records, std::size_t record, std::string& out);
/// Reads them back.
/// @param records  as many as were packed
/// @return         the bytes that they took; 0 when the bytes are damaged
[[nodiscard]] std::size_t unpack_block(std::span<const std::byte> bytes, std::size_t record,
                                       std::span<std::byte> records);
/// Returns the most bytes that a block takes.
[[nodiscard]] constexpr std::size_t most_block_bytes(std::size_t record) {
  return record / 4 * most_packed_bytes(kRecordsOfBlock, 32);
}

/// Represents the file of what is said about a tile's points: a summary, the squares with their
/// numbers of points, then a record a point, square by square, the points of a square in the order
/// of the cloud; kRecordsOfBlock of them packed together (survey/packed_numbers.hpp), column by
/// column of 4 bytes.
struct TileRecords {
  TileSummary summary{};
  std::vector<SquarePoints> squares{};
  std::uint64_t begin = 0;  ///< of the first record
};

/// Writes such a file at once. Parallel; the same bytes for any thread count.
/// @param summary  with the bytes of a record, a multiple of 4
/// @param squares  get the bytes of their records
/// @param put  writes the record of a point; the points are those of the squares, in their order
void write_tile(const std::filesystem::path& path, const TileSummary& summary,
                std::vector<SquarePoints> squares,
                const std::function<void(std::size_t point, std::byte* record)>& put);

/// Reads all but the records.
/// @throws Error(Fault::kInput) when the file does not hold what it says
[[nodiscard]] TileRecords read_tile(const std::filesystem::path& path);

/// Returns the bytes of a record of labels: label, confidence, entropy and margin, and the
/// probabilities of `classes` classes.
[[nodiscard]] constexpr std::size_t label_bytes(std::size_t classes) {
  return 16 + 4 * classes;
}

/// Writes the file of a tile's labels.
/// @param summary  gets the bytes of a record
/// @param result   of a cloud that begins with the points of the squares in their order
void write_tile_labels(const std::filesystem::path& path, TileSummary summary,
                       std::vector<SquarePoints> squares, const Segmentation& result);

/// Copies a record into the results of a point.
void take_record(const std::byte* record, std::size_t point, Segmentation& result);

}  // namespace ptattn
