#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/survey/point_codec.hpp"
#include "ptattn/survey/point_layout.hpp"
#include "ptattn/survey/survey_grid.hpp"

namespace ptattn {

/// Holds where points of one square stand together in a file.
struct PointChunk {
  std::uint32_t square = 0;
  std::uint32_t points = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  ///< packed
};

/// Writes points by square into a file: those of a square in the order of the cloud, in chunks,
/// packed (survey/point_codec.hpp).
class PointStoreWriter {
 public:
  /// @param memory  that the points of all squares may take while they wait
  PointStoreWriter(const std::filesystem::path& path, PointLayout layout, std::size_t squares,
                   std::size_t memory);

  /// Adds points of the next piece of a cloud.
  /// @param rows       of the piece, ascending
  /// @param positions  of these points
  /// @param squares    of these points
  void add(const PointCloud& piece, std::span<const std::uint32_t> rows,
           std::span<const Position> positions, std::span<const std::uint32_t> squares);
  /// Completes the file and gives it its name.
  /// @return  all chunks, square by square, those of a square in order
  [[nodiscard]] std::vector<PointChunk> finish();

 private:
  void write(std::span<const std::uint32_t> squares);

  PointLayout layout_;
  PointCodec codec_;
  std::size_t chunk_bytes_;
  io::AtomicFile file_;
  std::vector<std::string> waiting_;  ///< by square
  std::vector<std::byte> records_;    ///< of the piece at hand
  std::vector<PointChunk> chunks_;
  std::uint64_t end_ = 0;    ///< of the file
  std::uint64_t begin_ = 0;  ///< of the next piece, in points
};

/// Reads points by square. Safe from many threads.
class PointStore {
 public:
  PointStore(const std::filesystem::path& path, PointLayout layout, std::size_t squares,
             std::vector<PointChunk> chunks);

  [[nodiscard]] const PointLayout& layout() const { return layout_; }
  [[nodiscard]] std::size_t points_of(std::uint32_t square) const;
  /// Lists the chunks of a square, in order.
  [[nodiscard]] std::span<const PointChunk> chunks_of(std::uint32_t square) const;
  /// Reads the coordinates of a square's points.
  [[nodiscard]] std::vector<Position> positions_of(std::uint32_t square) const;
  /// Reads the records of a chunk.
  [[nodiscard]] std::vector<std::byte> records_of(const PointChunk& chunk) const;
  /// Lets the system read the points of a square ahead.
  void expect(std::uint32_t square) const;

 private:
  PointLayout layout_;
  PointCodec codec_;
  std::size_t stride_;
  std::unique_ptr<io::ByteSource> source_;
  std::vector<PointChunk> chunks_;
  std::vector<std::size_t> first_;  ///< [squares + 1] chunk of each square
};

/// Names points of a store by the voxels that they lie in.
struct PointRegion {
  const PointStore& store;
  TileBox within;
  TileBox without{};  ///< of which the points are left out
};

/// Reads the points of regions, one after the other; those of a region square by square, row by
/// row.
/// @param regions  at least one, of stores of the same layout
/// Parallel; the same cloud for any thread count.
[[nodiscard]] PointCloud read_points(std::span<const PointRegion> regions, const SurveyGrid& grid);

}  // namespace ptattn
