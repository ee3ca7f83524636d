#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/las/las_header.hpp"
#include "ptattn/io/las/laz/laz_points.hpp"
#include "ptattn/io/las/record_layout.hpp"

namespace ptattn::io::las {

/// Represents an open LAS or LAZ file: everything about it but its points.
struct LasFile {
  const ByteSource* source = nullptr;  ///< outlives this
  LasHeader header;
  std::shared_ptr<const LasMetadata> metadata{};  ///< without `exact`
  std::vector<std::string> comments{};
  std::vector<std::string> notes{};
  RecordLayout layout{};
  std::uint64_t points = 0;  ///< that can be read
  std::optional<laz::LazSettings> compression{};
  std::vector<laz::Chunk> chunks{};  ///< of a compressed file
  bool keeps_compressed = false;     ///< clouds get the chunks that they were decoded from
};

/// Says which points of a file to read: any of a LAS file, those of some chunks of a LAZ file.
struct LasPart {
  std::uint64_t first = 0;  ///< point
  std::size_t points = 0;
  laz::ChunkRange chunks{};  ///< that hold these points
};

/// Opens a file and finds its points.
/// @throws Error(Fault::kInput) as read_las
[[nodiscard]] LasFile open_las(const ByteSource& source, const ReadOptions& options);

/// Returns all points.
[[nodiscard]] LasPart whole_of(const LasFile& file);

/// Reads some points, with the metadata of the file but for its notes.
/// @throws Error(Fault::kInput) for damaged chunks
[[nodiscard]] PointCloud read_las_part(const LasFile& file, const LasPart& part);

}  // namespace ptattn::io::las
