#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/cloud_shape.hpp"

namespace ptattn {

/// Reads a cloud front to back in pieces, so that a file larger than memory can be worked on.
///
/// The pieces behind each other are what read_cloud reads: the same fields with the same bits. They
/// carry the metadata of the file but for the elements of a PLY file, which head() has.
class CloudStream {
 public:
  virtual ~CloudStream() = default;

  /// Returns the cloud without its points: its name, fields of no values, metadata and notes.
  [[nodiscard]] virtual const PointCloud& head() const = 0;
  /// Returns how the points of the whole are organised.
  [[nodiscard]] virtual CloudShape shape() const = 0;
  /// Returns the next points: at least `least` of them (1 or more), and no more than whole chunks
  /// of a LAZ file need; fewer at the end, none behind it.
  /// @throws Error(Fault::kInput) when they are damaged, or the file became shorter
  /// Time O(points read); parallel; the same points for any thread count.
  [[nodiscard]] virtual PointCloud next(std::size_t least) = 0;
  /// Begins again with the first point.
  virtual void rewind() = 0;
};

/// Opens a file to be read in pieces: LAS and LAZ (COPC among them), binary PLY whose lists have
/// one length, and binary PCD that is not compressed.
/// @return nullptr for what has to be read as a whole: text, compressed PCD, gzip, pipes, sweeps of
///         records without a header, and LAZ files of chunks of more than 2^22 points
/// @throws Error(Fault::kInput) as read_cloud, for what is wrong before the points
[[nodiscard]] std::unique_ptr<CloudStream> open_cloud_stream(const std::filesystem::path& path,
                                                             const ReadOptions& options = {});

}  // namespace ptattn
